// Where sites are to be looked for: a file, or a word that stands for one.

include { resolvePath; fileProblem } from './paths.nf'
include { sentence } from './schema.nf'

// [name: as the user wrote it, path: its file, or null for a word], or null, also where the file is not there.
def hitsFile(Object said, String place, Object folder, List problems) {
    if (!said) {
        return null
    }
    if (said in ['genome', 'peaks']) {   // as in results/hits/regions.py
        return [name: said, path: null]
    }
    def path = resolvePath(said, folder)
    def missing = fileProblem(path)
    if (missing) {
        problems << sentence("${place}, hits: ${missing}; give a file of intervals, FASTA, or one of the words genome and peaks")
    }
    return missing ? null : [name: said, path: path]
}
