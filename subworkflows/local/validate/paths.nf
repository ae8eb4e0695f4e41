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
    return "${path.toUriString()} cannot be handed to a task: " + (part ? "a shell expands '${part}' in its path; rename it" : "as a pattern it is also ${others[0].name}; rename one of them")
}

// Why a path is no file that can be read, or (staged) handed to a task; or null.
def fileProblem(Object path, boolean staged = true) {
    if (path instanceof Map) {
        return "${path.toUriString()} needs Nextflow's plugin ${path.plugin}, which cannot be fetched; run `nextflow plugin install ${path.plugin}` once where there is a network, or download the file and give its path"
    }
    try {
        if (!path.exists()) {
            def name = path.toUriString()
            return isRemote(name) ? "${name} is not there or cannot be reached; open it in a browser, or download it and give its path" : "there is no file ${name}"
        }
        return path.isDirectory() ? "${path.toUriString()} is a folder, not a file" : staged ? expandedPart(path) : null
    }
    catch (Exception error) {
        return "${path} cannot be reached (${error.message}): download it and give its path"
    }
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
