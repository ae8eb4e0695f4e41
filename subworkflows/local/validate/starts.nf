// Initialisation of models: known profiles, and trained models.

include { pretrainedArchitectures } from './features.nf'
include { sentence; controlProblem } from './schema.nf'
include { resolvePath; fileProblem; expandedPart } from './paths.nf'

// The profiles of a data set as [name: as the user wrote it, path: its file, or null for the known motifs], or null.
def initialMotifs(Map options, String place, Object folder, List problems) {
    def said = options.initial_motifs
    if (!said) {
        if (options.initial_filters != 'free') {
            problems << "${place}: initial_filters ${options.initial_filters} needs profiles to start from; give initial_motifs (jaspar, or a motif file), or leave initial_filters out."
        }
        if (options.initial_epochs != null) {
            problems << "${place}: initial_epochs ${options.initial_epochs} needs profiles to start from; give initial_motifs (jaspar, or a motif file) and initial_filters released, or leave initial_epochs out."
        }
        return null
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${place}: initial_motifs is for the filters of the model explainn, but models is ${options.models}; add explainn or leave initial_motifs out."
    }
    if (options.units.toString().contains(',')) {
        problems << "${place}: initial_motifs sets the number of units (two per profile), but units is ${options.units}; give one number, or leave initial_motifs out."
    }
    if (options.initial_epochs != null && options.initial_filters != 'released') {
        problems << "${place}: initial_epochs ${options.initial_epochs} says when filters are released, but initial_filters is ${options.initial_filters}; use initial_filters released, or leave initial_epochs out."
    }
    if (options.initial_epochs != null && options.initial_epochs > options.max_epochs) {
        problems << "${place}: initial_epochs ${options.initial_epochs} is more than max_epochs ${options.max_epochs}; choose at most ${options.max_epochs}."
    }
    if (said == 'jaspar') {
        return [name: said, path: null]
    }
    def path = resolvePath(said, folder)
    def missing = fileProblem(path)
    if (missing) {
        problems << sentence("${place}, initial_motifs: ${missing}; give jaspar (the known motifs), or a motif file")
    }
    return [name: said, path: path]
}

// Filters are seeded from the data by the robust recipe, where they do not start from profiles.
def seedProblems(Map options, String place) {
    def asked = ['motif_seeds', 'seed_copies'].findAll { name -> options[name] != null }
    def why = options.recipe == 'paper' ? 'recipe paper starts all filters at random; use recipe robust' : options.initial_motifs ? 'initial_motifs initialises the filters; leave it out' : null
    return why ? asked.collect { name -> "${place}: ${name} ${options[name]} seeds filters from the data, but ${why}, or leave ${name} out." } : []
}

// The pretrained models of a data set as [name: what the user calls it, path: its file]; an empty list where it has none.
def pretrainedModels(Map options, String place, Object folder, List problems) {
    def heads = options.models.tokenize(',').findAll { model -> model in pretrainedArchitectures() }
    def said = options.pretrained
    if (!said) {
        if (heads) {
            problems << "${place}: the models ${heads.join(' and ')} are built on trained models; give pretrained (the results folder of an earlier run, or a model file), or remove them from models."
        }
        if (options.pretrained_length != null) {
            problems << "${place}: pretrained_length ${options.pretrained_length} needs pretrained models; give pretrained, or leave pretrained_length out."
        }
        return []
    }
    if (!heads) {
        problems << "${place}: pretrained models are used by the models ${pretrainedArchitectures().join(' and ')}, but models is ${options.models}; add one of them, or leave pretrained out."
    }
    if (options.recipe == 'robust' && heads) {   // null where nobody gave it
        problems << "${place}: recipe robust changes the sequences in every epoch, but the outputs of pretrained models are computed once; leave recipe out, which trains ${heads.join(' and ')} by the paper's recipe and other models by robust, or use recipe paper."
    }
    def path = resolvePath(said, folder)
    if (!path.exists()) {
        problems << "${place}, pretrained: there is no file or folder ${path.toUriString()}; give the results folder of an earlier run, a model file, or a text file that lists some."
        return []
    }
    def found = path.isDirectory() ? modelsOfResults(said, path, place, problems) : said.endsWith('.txt') ? modelsOfList(path, place, problems) : [[name: said, path: path]]
    def endings = ['.safetensors', '.pth', '.pt2', '.pt']
    found.findAll { model -> !endings.any { ending -> model.path.name.endsWith(ending) } }.each { model ->
        problems << "${place}, pretrained: ${model.path.name} is not a model file; give *.safetensors (of an earlier run), *.pth (the authors' weights), *.pt (TorchScript) or *.pt2 (an exported program)."
    }
    found.findAll { model -> model.path.exists() && expandedPart(model.path) }.each { model -> problems << "${place}, pretrained: ${expandedPart(model.path)}." }
    found.groupBy { model -> model.path.name }.findAll { _name, same -> same.size() > 1 }.each { name, same ->
        problems << "${place}, pretrained: ${same.size()} models are called ${name} (${same*.path*.parent.join(', ')}); rename them."
    }
    return found
}

// Of every data set and model of an earlier run the best replicate, or the first where none is known to be best.
def modelsOfResults(String said, Object folder, String place, List problems) {
    if (params.outdir && folder == file(params.outdir).normalize()) {
        problems << "${place}, pretrained: ${folder} is the results folder of this run; give --outdir another folder."
        return []
    }
    def models = files("${folder}/*/*/*.model.safetensors").sort { path -> path.toString() }
    if (!models) {
        problems << "${place}, pretrained: there is no <data set>/<model>/*.model.safetensors in ${folder}; give the results folder of a finished run."
    }
    return models.groupBy { path -> path.parent }.collect { parent, replicates ->
        def verdict = parent.resolve("${parent.parent.name}.${parent.name}.verdict.json")
        def best = bestReplicate(verdict, place, problems)
        def chosen = replicates.find { path -> path.name.endsWith(".r${best}.model.safetensors") } ?: replicates[0]
        [name: "${said.replaceFirst('/+$', '')}/${parent.parent.name}/${parent.name}/${chosen.name}".toString(), path: chosen]
    }
}

// The number of the best replicate as a verdict tells it, or null where there is none.
def bestReplicate(Object verdict, String place, List problems) {
    try {
        return verdict.exists() ? (new groovy.json.JsonSlurper().parseText(verdict.text) as Map).best_replicate : null
    }
    catch (Exception _error) {
        problems << "${place}, pretrained: ${verdict} is not a readable verdict; copy the results folder again, or give the model files themselves."
        return null
    }
}

// A path per line, relative to the list; empty lines and those that begin with # are passed over.
def modelsOfList(Object list, String place, List problems) {
    def lines = list.readLines().withIndex().collect { line, at -> [line.trim(), at + 1] }.findAll { line, _at -> line && !line.startsWith('#') }
    if (!lines) {
        problems << "${place}, pretrained: ${list.name} names no model; write one path per line."
    }
    def (wrong, plain) = lines.split { line, _at -> controlProblem(line) }
    problems.addAll(wrong.collect { line, at -> sentence("${place}, pretrained: ${list.name}, line ${at}: ${controlProblem(line)}") })
    return plain.collect { line, at ->
        def path = resolvePath(line, list.parent)
        def missing = fileProblem(path)
        if (missing) {
            problems << sentence("${place}, pretrained: ${list.name}, line ${at}: ${missing}; write one path of a model per line, relative to the list")
        }
        [name: line, path: path]
    }
}
