// Rules of the analyses, of one data set's resolved options.

// What is wrong with them and how to mend it, a sentence each.
def analysisProblems(Map options) {
    def problems = []
    if (options.streme && options.streme_minw > options.streme_maxw) {
        problems << "streme_minw ${options.streme_minw} is larger than streme_maxw ${options.streme_maxw}; STREME needs a least width that is at most the largest."
    }
    def units = options.units.toString().tokenize(',')
    def twice = units.find { number -> units.count(number) > 1 }
    if (twice) {
        problems << "units '${options.units}' names ${twice} more than once; give every number once."
    }
    if (units.size() > 1 && !('explainn' in options.models.tokenize(','))) {
        problems << "units '${options.units}' are several numbers, to train explainn with each, but models is ${options.models}; add explainn, or give one number."
    }
    if (units.size() > 1 && options.initial_motifs) {
        problems << "units '${options.units}' are several numbers, but initial_motifs gives every profile two units; give one number, or leave initial_motifs out."
    }
    if (options.mode_clusters && !options.binding_modes) {
        problems << "mode_clusters is given, but binding_modes is off; switch it on, or leave mode_clusters out."
    }
    return problems
}
