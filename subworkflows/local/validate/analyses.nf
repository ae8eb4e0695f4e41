// Rules of the analyses, of one data set's resolved options.

// What is wrong with them and how to mend it, a sentence each.
def analysisProblems(Map options) {
    def problems = []
    if (options.streme && options.streme_minw > options.streme_maxw) {
        problems << "streme_minw ${options.streme_minw} is larger than streme_maxw ${options.streme_maxw}; STREME needs a least width that is at most the largest."
    }
    return problems
}
