// Rules of the analyses, of one data set's resolved options.

include { features; headsAmong } from './features.nf'

// Errors and their remedies, a sentence each.
def analysisProblems(Map options, Map architectures) {
    def problems = []
    if (options.streme && options.streme_minw > options.streme_maxw) {
        problems << "streme_minw ${options.streme_minw} is larger than streme_maxw ${options.streme_maxw}; give a streme_minw of at most streme_maxw."
    }
    def units = options.units.toString().tokenize(',')
    def twice = units.find { number -> units.count(number) > 1 }
    if (twice) {
        problems << "units '${options.units}' names ${twice} more than once; give every number once."
    }
    if (units.size() > 1 && !('explainn' in options.models.tokenize(','))) {
        problems << "units '${options.units}' are several numbers, to train explainn with each, but models is ${options.models}; add explainn, or give one number."
    }
    problems.addAll(idleAnalyses(options, headsAmong(architectures)))
    if (options.mode_clusters && !options.binding_modes) {
        problems << "mode_clusters is given, but binding_modes is off; switch it on, or leave mode_clusters out."
    }
    if (options.cooperativity && options.cooperativity != 'top') {
        options.cooperativity.split(',', -1)*.trim().each { pair -> problems.addAll(pairProblems(pair, options)) }
    }
    return problems
}

// Analyses that do not apply to any of the models are refused.
def idleAnalyses(Map options, Collection heads) {
    def models = options.models.tokenize(',')
    def problems = []
    if (!('explainn' in models)) {
        def ofUnits = [streme: 'compares motifs of units with those of STREME', unit_maps: 'maps sequences by the outputs of units', prune: 'keeps the units that a model needs', interactions: 'tests pairs of motifs of units', learning_curve: 'compares trainings on parts of the data by the motifs of their units']
        problems.addAll(ofUnits.findAll { name, _what -> options[name] }.collect { name, what ->
            "${name} ${what}, which only explainn has, but models is ${options.models}; add explainn, or leave ${name} out."
        })
    }
    if (models.every { model -> model in heads }) {
        problems.addAll(['attribution', 'nullification', 'binding_modes'].findAll { name -> options[name] }.collect { name ->
            "${name} looks at filters and bases, which models built on pretrained ones do not have, but models is ${options.models}; add another model, such as explainn, or leave ${name} out."
        })
    }
    return problems
}

// A pair is two motifs with a colon between them; names such as MAX::MYC hold two colons in a row.
def pairProblems(String pair, Map options) {
    def names = pair.split('(?<!:):(?!:)', -1)*.trim()
    if (names.size() != 2 || names.any { name -> !name }) {
        return ["cooperativity '${pair}' is not a pair of motifs; write two with a colon between them, such as AACTATCGATAG:CTCF, or top."]
    }
    def words = names.findAll { name -> name ==~ /(?i)[ACGT]+/ }
    def problems = words.findAll { word -> word.size() < 4 }.collect { word ->
        "cooperativity '${pair}': the word ${word} is shorter than 4 letters; give a longer one, or the name of a known motif."
    }
    if (words*.size().sum(0) > 200 || (features().assays[options.assay]?.genome && words*.size().sum(0) > options.width)) {
        problems << "cooperativity '${pair}': the two words are ${words*.size().sum()} letters long, more than a sequence can hold; give shorter ones."
    }
    return problems
}
