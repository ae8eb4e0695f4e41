// What models may start from: known profiles.

include { resolvePath; fileProblem; sentence } from './schema.nf'

// The profiles of a data set as [name: as the user wrote it, path: its file, or null for the known motifs], or null.
def initialMotifs(Map options, String place, Object folder, List problems) {
    def said = options.initial_motifs
    if (!said) {
        if (options.initial_filters != 'free') {
            problems << "${place}: initial_filters ${options.initial_filters} needs profiles to start from; give initial_motifs (jaspar, or a MEME or JASPAR file), or leave initial_filters out."
        }
        if (options.initial_epochs != null) {
            problems << "${place}: initial_epochs ${options.initial_epochs} needs profiles to start from; give initial_motifs (jaspar, or a MEME or JASPAR file) and initial_filters released, or leave initial_epochs out."
        }
        return null
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${place}: initial_motifs is for the filters of the model explainn, but models is ${options.models}; add explainn or leave initial_motifs out."
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
        problems << sentence("${place}, initial_motifs: ${missing}; give jaspar (the known motifs), or a MEME or JASPAR file")
    }
    return [name: said, path: path]
}
