// Everything that can be known to be wrong before the first task, said at once.

include { checkParams } from './params.nf'
include { readDatasets } from './datasets.nf'
include { resolvePath; fileProblem } from './schema.nf'

// [ params: [width: 200, ...], datasets: [ [id: 'oct4', assay: 'sequences', spec: [...], files: [...], options: [...]], ... ] ]
def validatedInput() {
    def problems = []
    def values = checkParams(problems)
    def sheet = values.input instanceof CharSequence ? resolvePath(values.input, null) : null
    def datasets = sheet && !fileProblem(sheet) ? readDatasets(sheet, values, problems) : []
    if (problems) {
        error(problems.unique().join('\n'))
    }
    return [params: values, datasets: datasets]
}

// Digest of all code of the tasks: Nextflow looks only at the script that a task names, not at what that imports.
def codeDigest() {
    def sha = java.security.MessageDigest.getInstance('SHA-256')
    def files = []
    projectDir.resolve('bin').eachFileRecurse(groovy.io.FileType.FILES) { path -> files << path }
    files.findAll { path -> !(path.toString() =~ /__pycache__|\.(pyc|so)$/) }.sort { path -> path.toString() }.each { path ->
        sha.update(projectDir.relativize(path).toString().bytes)
        sha.update(path.bytes)
    }
    return sha.digest().encodeHex().toString().take(16)
}
