// The files that a user names: where they lie, and why one cannot be used. (Without includes, so that every file can
// include it.)

// Path of what a user wrote: absolute, remote, or relative to a folder (null: to where Nextflow was started).
def resolvePath(String text, Object folder) {
    if (isRemote(text)) {
        return remotePath(text)
    }
    return (folder == null || text.startsWith('/') ? file(text, glob: false) : folder.resolve(text)).normalize()
}

// Of s3:// and the like, which Nextflow needs a plugin for. Where it cannot fetch that, something that stands for the
// path, so that fileProblem says so among all other mistakes.
def remotePath(String text) {
    try {
        return file(text, glob: false)
    }
    catch (IllegalStateException problem) {
        def plugin = problem.message.find(/nf-\w+/)
        if (!plugin) {
            throw problem
        }
        return [plugin: plugin, name: text.tokenize('/').last(), toUriString: { -> text }, exists: { -> false }, isDirectory: { -> false }]
    }
}

def isRemote(String text) {
    return text ==~ /^[A-Za-z][A-Za-z0-9+.-]*:\/\/.*/
}

def isRelative(String text) {
    return !isRemote(text) && !text.startsWith('/')
}

// What the scripts in which Nextflow stages files would take for something else, as they leave $, braces and patterns in
// paths unquoted; or null. A pattern is harmless where nothing else fits it.
def expandedPart(Object path) {
    def text = path.toString()
    def part = text.find(/\$[A-Za-z0-9_{\[$@*?#-]\w*/) ?: text.find(/\{.*(,|\.\.).*\}/)
    def others = part || isRemote(path.toUriString()) || !(text =~ /[*?\[]/) ? [] : files(text.replace('\\', '?'), type: 'any').findAll { other -> other != path }
    if (!part && !others) {
        return null
    }
    return "${path.toUriString()} cannot be passed to a task: " + (part ? "a shell expands '${part}' in its path; rename it" : "as a pattern it is also ${others[0].name}; rename one of them")
}

// Why a path is not a file that can be read, or (staged) passed to a task; or null.
def fileProblem(Object path, boolean staged = true) {
    if (path instanceof Map) {
        return "${path.toUriString()} needs Nextflow's plugin ${path.plugin}, which cannot be fetched; run `nextflow plugin install ${path.plugin}` once where there is a network, or download the file and give its path"
    }
    try {
        if (!path.exists()) {
            def name = path.toUriString()
            return isRemote(name) ? "${name} does not exist or cannot be reached; open it in a browser, or download it and give its path" : "there is no file ${name}"
        }
        return path.isDirectory() ? "${path.toUriString()} is a folder, not a file" : staged ? expandedPart(path) : null
    }
    catch (Exception error) {
        return "${path} cannot be reached (${error.message}): download it and give its path"
    }
}

// Genomes that have a name: [ GRCh38: 's3://.../genome.fa', ... ], of conf/igenomes.config and of whatever else sets
// params.genomes, such as institutional profiles; values: those of igenomes_base and igenomes_ignore.
def knownGenomes(Map values) {
    def bucket = 's3://ngi-igenomes/igenomes/'   // where conf/igenomes.config has all of its own
    def given = params.containsKey('genomes') && (params.genomes instanceof Map) ? params.genomes : [:]
    def named = given.findAll { _name, files -> files instanceof Map && files.fasta }.collectEntries { name, files -> [name.toString(), files.fasta.toString()] }
    def base = (values.igenomes_base ?: bucket).toString().replaceFirst('/+$', '')
    return named.findAll { _name, fasta -> !(values.igenomes_ignore == true && fasta.startsWith(bucket)) }
        .collectEntries { name, fasta -> [name, fasta.startsWith(bucket) ? "${base}/${fasta - bucket}".toString() : fasta] }
}

// Path of what a user wrote where a known name may stand for a file. A file that is called so comes first.
def locate(String text, Object folder, Map known) {
    return isNamed(text, folder, known) ? resolvePath(known[text], null) : resolvePath(text, folder)
}

def isNamed(String text, Object folder, Map known) {
    return known?.containsKey(text) && !isFile(resolvePath(text, folder))
}

def isFile(Object path) {
    return path.exists() && !path.isDirectory()
}

// What is to be said where a file is read although its name is a known one, or null.
def hiddenName(String text, Object folder, Map known) {
    return known?.containsKey(text) && isFile(resolvePath(text, folder)) ? "the file ${resolvePath(text, folder)} is read, not the known genome ${text}; rename the file to get that, or write ./${text} for the file.".toString() : null
}

// What a message on a genome that cannot be used adds: what stands behind its name, or which names are known.
// near: what didYouMean says of it.
def aboutNames(String text, Object folder, Map known, String near) {
    if (isNamed(text, folder, known)) {
        return " (the genome ${text} of params.genomes; --igenomes_base sets the folder of iGenomes)"
    }
    // A path, or a file's name.
    if (known == null || text =~ /[\/\\]|(?i)\.(fa|fasta|fna|gz|bgz|bz2|xz|zip)$/) {
        return ''
    }
    return ", and no genome of that name is known${near}${near ? '' : '.'} " + (known ? "The known ones are ${known.keySet().sort().join(', ')}." : 'None is, as --igenomes_ignore leaves iGenomes out.')
}

// [name: as the user wrote it, path: its file, missing: why it cannot be used, or null]; a word that stands for no file has
// the path null; null where nothing was said.
def fileOrWord(Object said, List words, Object folder) {
    if (!said || said in words) {
        return said ? [name: said, path: null, missing: null] : null
    }
    def path = resolvePath(said.toString(), folder)
    return [name: said, path: path, missing: fileProblem(path)]
}
