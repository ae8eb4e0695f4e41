// The parameters: checked, and converted to their types.

include { readJson; schemaProperties; coerceValue; valueProblem; controlProblem; didYouMean; sentence } from './schema.nf'
include { fileProblem; knownGenomes; locate; hiddenName; aboutNames } from './paths.nf'

// [ values: all parameters with the types of the schema, broken: names of those that are wrong and stand at their default,
//   open: defaults of those that count as given or not and were not, null among the values ];
// what is wrong with them is added to problems.
def checkParams(List problems) {
    def known = schemaProperties(readJson('nextflow_schema.json'))
    def unknown = params.keySet().findAll { name -> !(name in known) && !(name in ignoredNames()) && !name.startsWith('config_profile_') }
    unknown.each { name ->
        def text = sentence("--${name}: there is no such parameter${didYouMean(known.keySet(), name, '--')}") + ' See --help.'
        if (params.custom_config_base) {
            // Institutional profiles set parameters of other pipelines.
            log.warn(text)
        }
        else {
            problems << text
        }
    }
    def values = known.collectEntries { name, property -> [name, coerceValue(property, params[name])] }
    def genomes = knownGenomes(values)
    def broken = []
    values.findAll { _name, value -> value != null }.each { name, value ->
        def problem = controlProblem(params[name]) ?: valueProblem(known[name], value)
        if (problem) {
            broken << name
        }
        if (!problem && known[name].format == 'file-path') {
            def names = name == 'genome' ? genomes : null
            problem = fileProblem(locate(value, null, names), name != 'input')
            problem = problem ? problem + aboutNames(value, null, names, names ? didYouMean(names.keySet(), value, '') : '') : null
            def hidden = problem ? null : hiddenName(value, null, names)
            if (hidden) {
                log.warn("--${name}: ${hidden}")
            }
        }
        if (problem) {
            problems << sentence("--${name}: ${problem}") + hint(known[name], problem)
        }
    }
    if (!params.input && !params.apply) {
        problems << '--input: give a samplesheet (templates are in assets/samplesheets/), or try -profile test; to use models that are already trained, give --apply.'
    }
    if (params.datasets && !params.apply) {
        problems << '--datasets chooses among the models of --apply; give --apply, or leave --datasets out and choose by the rows of the sheet.'
    }
    checkRelations(values, problems)
    problems.addAll(pageProblems())
    def open = known.findAll { name, property -> property.null_unless_given && values[name] == null }.collectEntries { name, property -> [name, property.default] }
    return [values: values + broken.findAll { name -> name != 'input' }.collectEntries { name -> [name, coerceValue(known[name], known[name].default)] }, broken: broken, open: open]
}

// Parameters that are none of the pipeline's own and not complained of: genomes, and what configurations of nf-core's
// pipelines name by the options of its validation, of now and of earlier.
def ignoredNames() {
    def earlier = ['schema_ignore_params', 'validationSchemaIgnoreParams']
    def validation = nextflow.Global.session.config.validation
    def listed = earlier.findAll { name -> params.containsKey(name) }.collect { name -> params[name] } + ((validation instanceof Map) ? [validation.ignoreParams, validation.defaultIgnoreParams] : [])
    return ['genomes'] + earlier + listed.flatten().findAll { one -> one }.collectMany { one -> one.toString().tokenize(', ') }
}

def hint(Map property, String problem) {
    return problem == 'needs a value' && property.default != null ? " The default is ${property.default}." : ''
}

// Rules between parameters.
def checkRelations(Map values, List problems) {
    def shares = [values.valid_fraction, values.test_fraction]
    if (shares.every { share -> share instanceof Number } && shares.sum() >= 1) {
        problems << "--valid_fraction ${shares[0]} and --test_fraction ${shares[1]} leave nothing to train on: their sum must be less than 1."
    }
}

// Text that Nextflow writes unescaped into its report, and a browser would read as HTML.
def pageProblems() {
    def written = ['the command line': workflow.commandLine, 'the folder where the run is started': workflow.launchDir, 'the work folder (-w)': workflow.workDir, 'the folder of the pipeline': projectDir]
    return written.collectEntries { what, text -> [what, text.toString().find(/<[A-Za-z\/!?][^\s>]{0,20}/)] }.findAll { _what, tag -> tag }.collect { what, tag ->
        "${what}: '${tag}' would be read as HTML in Nextflow's own report; rename the file or folder, or give the parameter in a file (-params-file).".toString()
    }
}
