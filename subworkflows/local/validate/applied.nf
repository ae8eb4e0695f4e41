// The models of an earlier run that are asked something: found, chosen, and looked at as far as their headers tell.

include { didYouMean; sentence } from './schema.nf'
include { resolvePath; expandedPart; isRemote } from './paths.nf'
include { predictedSequences } from './explained.nf'
include { needsTorch } from './environment.nf'

// What cannot be asked of an earlier run's models, or not yet: what it belongs to, by the parameter's name.
def trainingOnly() {
    return ['input', 'explain', 'variants', 'hits', 'attribution', 'streme', 'cooperativity', 'nullification', 'unit_maps', 'prune', 'binding_modes', 'initial_motifs', 'pretrained']
}

// [ [id: 'CTCF', applied: [torch: ['models danq of CTCF']], torch: false, predict: [...], genome: null, shape: path, files: [path, ...], options: [...]], ... ]
def appliedPlans(Map values, List problems) {
    def folder = resolvePath(values.apply, null)
    if (!values.predict) {
        problems << '--apply: nothing is asked of the models; give --predict FILE (FASTA, a table of sequences, BED or narrowPeak).'
    }
    def idle = trainingOnly().findAll { name -> values[name] }
    if (idle) {
        problems << "--${idle.join(', --')}: the models of an earlier run (--apply) answer --predict; leave ${idle.size() > 1 ? 'these' : 'it'} out, or train with ${idle.size() > 1 ? 'them' : 'it'} by leaving --apply out."
    }
    if (!(folder instanceof Path) || !folder.exists() || !folder.isDirectory()) {
        def what = (folder instanceof Path) && folder.exists() ? 'is a file, not a folder' : 'is not there'
        problems << "--apply: ${folder.toUriString()} ${what}; give the results folder of a finished run, or the folder of one of its data sets."
        return []
    }
    outdirProblem(folder, problems)
    def found = chosen(resultsOf(folder, problems), values, folder, problems)
    def options = [predict: [kernel: values.kernel, device: values.device, trust_programs: values.trust_programs]]
    def ofFile = { name -> values[name] ? [name: values[name], path: resolvePath(values[name], null)] : null }
    return found.collect { id, files ->
        def models = files.models.collect { path -> modelHeader(path, problems) }
        mixedProblems(models.findAll { one -> one }, problems)
        def torch = models.findAll { one -> one && needsTorch(one.architecture, one.config) }.collect { one -> one.name }.unique()
        def how = ['kernel', 'device'].findAll { name -> values[name] in ['torch', 'gpu'] }.collect { name -> "${name} ${values[name]}".toString() }
        [
            id: id, applied: [torch: torch.collect { name -> "the model ${name} of ${id}".toString() } + how], torch: torch as boolean, denoised: false, settings: [:],
            predict: predictedSequences(ofFile.call('predict')), genome: ofFile.call('genome'), shape: files.dataset ?: files.models[0],
            files: [files.dataset, files.models, files.others].flatten().findAll { path -> path }, options: options,
            reads: ['apply', 'predict', 'kernel', 'device'] + (values.genome ? ['genome'] : []) + (values.trust_programs ? ['trust_programs'] : []),
        ]
    }
}

// Nothing is written where the answers come from: they would be taken for results of the run that trained.
def outdirProblem(Object folder, List problems) {
    def out = realPlace(file("${params.outdir}", glob: false).toAbsolutePath().normalize())
    def read = realPlace(folder.toAbsolutePath().normalize())
    def inside = out.startsWith(read) || out == read.parent && out.resolve('pipeline_info').exists()
    if (inside) {
        problems << "--outdir: ${params.outdir} is the results folder that --apply reads, or lies in it; give another folder for the answers.".toString()
    }
}

// A path without links, as far as it exists: a link to the results folder is the folder.
def realPlace(Object path) {
    if (isRemote(path.toUriString())) {
        return path
    }
    return path.exists() ? path.toRealPath() : path.parent ? realPlace(path.parent).resolve(path.name) : path
}

// The files of a folder as deep as results go, <data set>/<model>/<file>; not by a pattern, since its path may hold such letters.
def filesBelow(Object folder, int depth) {
    // Of a link, listFiles() gives the link alone.
    def found = java.nio.file.Files.newDirectoryStream(folder).withCloseable { stream -> stream.toList() }
    return found.collectMany { path -> path.isDirectory() ? (depth > 1 ? filesBelow(path, depth - 1) : []) : [path] }
}

// [ CTCF: [dataset: path or null, models: [path, ...], others: [path, ...]], ... ] by what the files are called
def resultsOf(Object folder, List problems) {
    def all = filesBelow(folder, 3).findAll { path -> path.name ==~ /[A-Za-z0-9_-]+\.(dataset\.parquet|[A-Za-z0-9_-]+\.r\d+\.(model\.safetensors|calibration\.json|predictions\.parquet))/ }.sort { path -> path.toString() }
    def models = all.findAll { path -> path.name.endsWith('.model.safetensors') }
    models.groupBy { path -> path.name }.findAll { _name, same -> same.size() > 1 }.each { name, same ->
        problems << "--apply: ${same.size()} models are called ${name} (${same*.parent.join(', ')}); give a folder that holds one of each.".toString()
    }
    if (!models) {
        problems << "--apply: ${whyNothing(folder, all)}".toString()
    }
    all.findAll { path -> expandedPart(path) }.take(1).each { path -> problems << "--apply: ${expandedPart(path)}.".toString() }
    def idOf = { path -> path.name.tokenize('.')[0] }
    return models.groupBy(idOf).collectEntries { id, own ->
        def runs = own.collect { path -> path.name - '.model.safetensors' }
        def others = all.findAll { path -> runs.any { run -> path.name in ["${run}.calibration.json".toString(), "${run}.predictions.parquet".toString()] } }
        def calibrated = others.findAll { path -> path.name.endsWith('.calibration.json') }.collect { path -> path.name - '.calibration.json' }
        // The predictions of the training are read where they are to be calibrated yet.
        [id, [dataset: all.find { path -> path.name == "${id}.dataset.parquet".toString() }, models: own, others: others.findAll { path -> !(path.name.endsWith('.predictions.parquet') && (path.name - '.predictions.parquet') in calibrated) }]]
    }
}

def whyNothing(Object folder, List all) {
    if (!java.nio.file.Files.newDirectoryStream(folder).withCloseable { stream -> stream.toList() }) {
        return "the folder ${folder} is empty; give the results folder of a finished run."
    }
    if (all) {
        return "${folder} holds data sets and no trained model: the run ended before its training did, or its models diverged; see multiqc_report.html there, and run it again with -resume."
    }
    if (folder.resolve('pipeline_info').exists()) {
        return "${folder} is the folder of a run that ended before any training; see its report or log, and run it again with -resume."
    }
    return "there is no <data set>/<model>/*.model.safetensors in ${folder}; give the results folder of a finished run, or the folder of one of its data sets."
}

// The data sets that --datasets names, or all.
def chosen(Map found, Map values, Object folder, List problems) {
    def named = (values.datasets ?: '').toString().tokenize(',')*.trim().findAll { name -> name }.unique()
    named.findAll { name -> found && !(name in found.keySet()) }.each { name ->
        problems << sentence("--datasets: there is no model of a data set '${name}' in ${folder}${didYouMean(found.keySet(), name, '')}") + " There are ${found.keySet().join(', ')}."
    }
    return named ? found.findAll { id, _files -> id in named } : found
}

// Models of a data set that were trained on different contents of it: of two runs that wrote into one folder.
def mixedProblems(List models, List problems) {
    def first = models ? models[0] : null
    models.findAll { one -> first.digest && one.digest && one.digest != first.digest }.each { one ->
        problems << "--apply: ${one.path} was trained on other sequences than ${first.path}, as where two runs wrote into one folder; give a folder of one run, or take out the files of the other.".toString()
    }
}

// What a model file says of itself: [name: 'explainn', path: ..., digest: '0f3a...', architecture: 'explainn', config: [...]], or null and a sentence.
def modelHeader(Object path, List problems) {
    try {
        def text = path.withInputStream { stream ->
            def head = java.nio.ByteBuffer.wrap(stream.readNBytes(8)).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong()
            if (head < 2 || head > 100000000) {
                throw new IOException('no header')
            }
            new String(stream.readNBytes(head as int), 'UTF-8')
        }
        def told = (new groovy.json.JsonSlurper().parseText(text) as Map)['__metadata__']
        if (!told || !told['nf-explainn']) {
            problems << "--apply: ${path} is a safetensors file of another program, no model of nf-explainn; take it out of the folder.".toString()
            return null
        }
        def own = new groovy.json.JsonSlurper().parseText(told['nf-explainn'].toString()) as Map
        if (own.format_version != 1) {   // as FORMAT_VERSION in models/checkpoint.py
            problems << "--apply: ${path} has the model format ${own.format_version}, and this release reads 1; ask it with the release that trained it, or train anew.".toString()
            return null
        }
        return [name: path.name.tokenize('.')[1], path: path, digest: own.dataset_digest, architecture: own.architecture.toString(), config: [num_fc: own.config.num_fc ?: 0]]
    }
    catch (Exception _error) {
        problems << "--apply: ${path} is damaged, or no model; copy the results folder again, or take the file out.".toString()
        return null
    }
}
