// A results folder that --apply names: which files belong to which data set and model, by what they are called.

include { expandedPart } from './paths.nf'

// The files of a folder as deep as results go, <data set>/<model>/motifs/<file>; not by a pattern, since its path may hold such letters.
def filesBelow(Object folder, int depth) {
    // Of a link, listFiles() gives the link alone.
    def found = java.nio.file.Files.newDirectoryStream(folder).withCloseable { stream -> stream.toList() }
    return found.collectMany { path -> path.isDirectory() ? (depth > 1 ? filesBelow(path, depth - 1) : []) : [path] }
}

// [ CTCF: [dataset: path or null, runs: [ [model: 'explainn', replicate: 1, files: [model: path, history: path, ...]], ... ],
//   tables: [explainn: [evidence: path, ...], ...]], ... ]
def resultsOf(Object folder, List problems) {
    def ofRun = [model: 'model.safetensors', calibration: 'calibration.json', predictions: 'predictions.parquet', history: 'history.tsv', units: 'units.tsv', meme: 'units.meme']
    def ofModel = [evidence: 'evidence.tsv', evidence_meme: 'evidence.meme', units: 'units.tsv']
    def all = filesBelow(folder, 4).findAll { path ->
        path.name ==~ /[\w-]+\.dataset\.parquet/ ||
            path.name ==~ /[\w-]+\.[\w-]+\.r\d+\..+/ && path.name.tokenize('.').drop(3).join('.') in ofRun.values() ||
            path.name ==~ /[\w-]+\.[\w-]+\..+/ && path.name.tokenize('.').drop(2).join('.') in ofModel.values()
    }.sort { path -> path.toString() }
    def gone = all.findAll { path -> !path.exists() }
    if (gone) {
        problems << "--apply: ${gone[0]} is a link to a missing file${gone.size() > 1 ? ", and so are ${gone.size() - 1} more" : ''}; copy the files themselves (cp -rL) while the work folder is there, or run the training again with --publish_dir_mode copy.".toString()
    }
    def models = (all - gone).findAll { path -> path.name.endsWith('.model.safetensors') }
    models.groupBy { path -> path.name }.findAll { _name, same -> same.size() > 1 }.each { same_name, same ->
        problems << "--apply: ${same.size()} models are called ${same_name} (${same*.parent.join(', ')}); give a folder that holds one of each.".toString()
    }
    if (!models && !gone) {
        problems << "--apply: ${whyNothing(folder, all)}".toString()
    }
    all.findAll { path -> expandedPart(path) }.take(1).each { path -> problems << "--apply: ${expandedPart(path)}.".toString() }
    def byName = (all - gone).collectEntries { path -> [path.name, path] }
    def named = { stem, endings -> endings.collectEntries { key, ending -> [key, byName["${stem}.${ending}".toString()]] } }
    return models.unique { path -> path.name }.groupBy { path -> path.name.tokenize('.')[0] }.collectEntries { id, own ->
        def runs = own.collect { path ->
            def (_id, model, replicate) = path.name.tokenize('.')
            [model: model, replicate: replicate.drop(1) as int, files: named.call(path.name - '.model.safetensors', ofRun)]
        }.sort { run -> run.replicate }
        [id, [dataset: byName["${id}.dataset.parquet".toString()], runs: runs, tables: runs*.model.unique().collectEntries { model -> [model, named.call("${id}.${model}", ofModel)] }]]
    }
}

def whyNothing(Object folder, List all) {
    if (!java.nio.file.Files.newDirectoryStream(folder).withCloseable { stream -> stream.toList() }) {
        return "the folder ${folder} is empty; give the results folder of a finished run."
    }
    if (all.any { path -> path.name.endsWith('.dataset.parquet') }) {
        return "${folder} holds data sets and no trained model: the run ended before its training did, or its models diverged; see multiqc_report.html there, and run it again with -resume."
    }
    if (folder.resolve('pipeline_info').exists()) {
        return "${folder} is the folder of a run that ended before any training; see its report or log, and run it again with -resume."
    }
    return "there is no <data set>/<model>/*.model.safetensors in ${folder}; give the results folder of a finished run, or the folder of one of its data sets."
}

// Models of a data set that were trained on different contents of it: of two runs that wrote into one folder.
def mixedProblems(List models, List problems) {
    def first = models ? models[0] : null
    models.findAll { one -> first.digest && one.digest && one.digest != first.digest }.each { one ->
        problems << "--apply: ${one.path} was trained on other sequences than ${first.path}, as if two runs had written into one folder; give a folder of one run, or remove the files of the other.".toString()
    }
}

// Properties of a model file: [name: 'explainn', path: ..., digest: '0f3a...', architecture: 'explainn', config: [...], length: 200], or null and a sentence.
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
            problems << "--apply: ${path} is a safetensors file of another program, not a model of nf-explainn; remove it from the folder.".toString()
            return null
        }
        def own = new groovy.json.JsonSlurper().parseText(told['nf-explainn'].toString()) as Map
        if (own.format_version != 1) {   // as FORMAT_VERSION in models/checkpoint.py
            problems << "--apply: ${path} has the model format ${own.format_version}, and this release reads 1; use the release that trained it, or train it again.".toString()
            return null
        }
        return [name: path.name.tokenize('.')[1], path: path, digest: own.dataset_digest, architecture: own.architecture.toString(), config: [num_fc: own.config.num_fc ?: 0], length: own.config.length]
    }
    catch (Exception _error) {
        problems << "--apply: ${path} is damaged or not a model; copy the results folder again, or remove the file.".toString()
        return null
    }
}
