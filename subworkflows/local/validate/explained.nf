// The sequences that are to be explained, variants, and where sites are looked for, as far as they can be judged without
// reading them. (Without includes, so that several files can include it.)

// [name: as the user wrote it, path: where it lies, intervals: whether it holds no sequences], or null.
// place: where it was asked, such as 'samples.csv, line 3, explain'.
def givenSequences(Object located, Map options, String place, List problems) {
    if (!located) {
        return null
    }
    def found = holdsIntervals(located.path)
    // What only the step can tell gets the genome where there is one.
    def intervals = found == null ? options.genome != null : found
    if (intervals && options.genome == null) {
        problems << "${place}: ${located.name} holds intervals, but there is no genome to read them from; give ${genomeWay(options)}, or the sequences themselves as FASTA."
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${place}: only predictions of explainn can be split over units, but models is '${options.models}'; add explainn to it, or leave explain out."
    }
    return located + [intervals: intervals]
}

// [name: as the user wrote it, path: where it lies], or null.
def givenVariants(Object located, Map options, String place, List problems) {
    if (!located) {
        return null
    }
    if (options.genome == null) {
        problems << "${place}: ${located.name} holds variants, but there is no genome; give ${genomeWay(options)}, the one that they were called on."
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${place}: only variant effects of explainn can be split over motifs, but models is '${options.models}'; add explainn to it, or leave variants out."
    }
    return located
}

def genomeWay(Map options) {
    return options.genome_way ?: '--genome (or the column genome)'
}

// [name: as the user wrote it, path: its file, or null for a word, word: 'genome', 'peaks' or null, records: whether it is
// sure to need no genome], or null. onGenome: whether the data set's sequences may be places in one.
def givenHits(Object located, Map options, boolean onGenome, String place, List problems) {
    if (!located) {
        return null
    }
    if (located.missing) {
        problems << "${place}: ${located.missing}; give a file of intervals, FASTA, or one of the words genome and peaks.".toString()
        return located + [word: null, records: true]
    }
    def word = located.path == null ? located.name : null
    def records = word ? word == 'peaks' && !onGenome : holdsIntervals(located.path) == false
    // What only the step can tell gets the genome where there is one.
    def needed = word == 'genome' || (word == null && holdsIntervals(located.path))
    if (options.genome == null && needed) {
        def why = word ? 'the whole genome is to be scanned, but there is none' : "${located.name} holds intervals, but there is no genome to read them from"
        problems << "${place}: ${why}; give ${genomeWay(options)}${word ? '' : ', or the sequences themselves as FASTA'}.".toString()
    }
    if (!('explainn' in options.models.tokenize(','))) {
        problems << "${place}: sites are found with the motifs of explainn, but models is '${options.models}'; add explainn to it, or leave hits out."
    }
    return [name: located.name, path: located.path, word: word, records: records]
}

// [name: as the user wrote it, path: where it lies, records: whether it is sure to need no genome], or null. A table may
// hold sequences or intervals, which its step tells.
def predictedSequences(Object located) {
    return located ? located + [records: holdsIntervals(located.path) == false] : null
}

// Whether a file, gzipped or not, begins as no FASTA (nor FASTQ) does; null where its step must tell: it is compressed
// otherwise, or may be a table of sequences, as a cell is DNA.
// Unreadable files are reported elsewhere.
def holdsIntervals(Object path) {
    try {
        def head = path.withInputStream { raw ->
            def stream = new java.io.PushbackInputStream(raw, 2)
            def magic = stream.readNBytes(2)
            stream.unread(magic)
            def packed = magic.length == 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b
            new String((packed ? new java.util.zip.GZIPInputStream(stream) : stream).readNBytes(4096), 'ISO-8859-1')
        }
        if (['BZh', '\u00fd7zXZ', 'PK\u0003\u0004'].any { magic -> head.startsWith(magic) }) {
            return null
        }
        def first = head.replace('\u00ef\u00bb\u00bf', '').trim().take(1)
        if (first == '' || first in ['>', ';', '@']) {
            return false
        }
        return (head =~ /(?m)(?:^|[\t,; "'])[ACGTNacgtn]{10,}(?:[\t,; "'\r]|$)/) ? null : true
    }
    catch (Exception _error) {
        return false
    }
}
