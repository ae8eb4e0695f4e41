// All errors that can be found before the first task, reported at once.

include { checkParams } from './params.nf'
include { readDatasets } from './datasets.nf'
include { contrastPlans } from './contrasts.nf'
include { appliedPlans; newDataOptions } from './applied.nf'
include { engineProblems; environmentProblems } from './engine.nf'
include { readJson; shown } from './schema.nf'
include { resolvePath; fileProblem } from './paths.nf'

// [ params: [width: 200, ...], datasets: [ [id: 'oct4', assay: 'sequences', spec: [...], files: [...], options: [...]], ... ],
//   newData: the rows of the sheet, where the data sets are those of an earlier run (--apply) ]
def validatedInput() {
    def problems = []
    def checked = checkParams(problems)
    def planned = plannedInput(checked.values, checked.broken, problems)
    // Nothing is made for a run that is refused, nor known of its needs.
    problems.addAll(problems ? engineProblems(checked.values, []) : engineProblems(checked.values, planned.datasets) + environmentProblems(planned.datasets))
    if (problems) {
        leaveNoReports()
        error(problems.unique().collect { text -> shown(text) }.join('\n'))
    }
    return [params: checked.values + checked.open] + planned
}

// The same of checked parameters, whatever engine there is; broken: the names of those that are wrong.
def plannedInput(Map values, Collection broken, List problems) {
    def sheet = (values.input instanceof CharSequence) ? resolvePath(values.input, null) : null
    def asked = values.apply ? appliedPlans(values, problems) : []
    def ofSheet = sheet && !fileProblem(sheet) ? readDatasets(sheet, values + newDataOptions(asked, problems), broken, problems) : []
    def known = values.apply ? asked : ofSheet
    return [datasets: known + contrastPlans(known, values, broken, problems), newData: values.apply ? ofSheet : []]
}

// A refused run has nothing to report: what Nextflow writes of it, as its very last, is removed again. Its names hold
// the time of the start, so nothing of an earlier run's is touched, whose results may lie in the same folder.
def leaveNoReports() {
    if (params.trace_report_suffix) {
        return   // a name of the user's may be an earlier run's
    }
    def config = nextflow.Global.session.config
    def written = ['trace', 'report', 'timeline', 'dag'].collect { kind -> config[kind]?.file }.findAll { name -> name }.collect { name -> file(name, glob: false) }
    def folder = file("${params.outdir}/pipeline_info", glob: false)
    def remove = {
        // Folders only where they are empty, which those of earlier results are not.
        (written + [folder, folder.parent]).each { path ->
            try {
                java.nio.file.Files.deleteIfExists(path)
            }
            catch (Exception _error) {
                // A folder that is not empty, or a remote one that cannot be reached any more.
            }
        }
    }
    Runtime.runtime.addShutdownHook(new Thread(remove as Runnable))
}

// [ MODEL_TRAIN: '0f3a...', ... ]: a digest of the code of every process, since Nextflow looks only at the script that
// a task names, not at what that imports. assets/generate.py lists the files.
def codeDigests() {
    def contents = [:].withDefault { String name -> projectDir.resolve(name).bytes }
    return readJson('assets/code.json').collectEntries { process, names ->
        def sha = java.security.MessageDigest.getInstance('SHA-256')
        names.each { name ->
            sha.update(name.bytes)
            sha.update(contents[name])
        }
        [process, sha.digest().encodeHex().toString().take(16)]
    }
}

// Settings for the report: all that a step of this run reads, and per data set those of its rows.
def reportedSettings(Map input) {
    def read = input.datasets.collectMany { plan -> plan.reads }.toSet() + ['input', 'max_report_units']
    return input.params.findAll { name, value -> value != null && name in read } + [
        datasets: input.datasets.collectEntries { plan -> [plan.id, plan.settings.findAll { name, _value -> name in read }] },
    ]
}
