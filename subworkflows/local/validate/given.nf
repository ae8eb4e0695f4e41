// How what a user named reaches a task: texts as JSON, files under names of ours. (Without includes, so that every
// module can include it.)

// JSON in which nothing is markup, since Nextflow shows scripts unescaped in its report; JsonOutput itself leaves
// nothing but printable ASCII.
def asJson(Object value) {
    return groovy.json.JsonOutput.toJson(value).replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')
}

// What our names keep of a user's: its ending, such as .fa.gz, as far as that is plain.
def endingOf(Object name) {
    return name.toString().find(/(\.[A-Za-z0-9]{1,12}){1,2}\z/) ?: ''
}

// [ 'data/1.fa.gz', 'data/2.bed', ... ]: where a task finds the files that the user calls so.
def ourNames(Collection names) {
    return names.withIndex().collect { name, at -> "data/${at + 1}${endingOf(name)}".toString() }
}

// A line of a script that gives the files staged as given/1, given/2, ... these names.
def linkGiven(Collection names) {
    return "mkdir -p data; for name in ${ourNames(names).collect { path -> path - 'data/' }.join(' ')}; do ln -sf \"../given/\${name%%.*}\" \"data/\$name\"; done"
}

// [ [name: 'as the user wrote it.fa.gz', path: 'data/1.fa.gz'], ... ]
def filesOf(Collection names) {
    return [names, ourNames(names)].transpose().collect { name, path -> [name: name, path: path] }
}

// A text for what Nextflow shows unescaped in its report: no tag begins in it, and no line that it did not have.
def onPage(Object text) {
    return text.toString()
        .replaceAll(/<(?=[A-Za-z\/!?])/, '\\\\u003c')
        .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}&&[^\n]]/, ' ')
}
