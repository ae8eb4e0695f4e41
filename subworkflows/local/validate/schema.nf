// Values against a JSON Schema: the part of 2020-12 that nextflow_schema.json and
// assets/schema_input.json use. A Python test runs the same values through jsonschema.

// The content of a JSON file of the project.
def readJson(String name) {
    return new groovy.json.JsonSlurper().parse(moduleDir.resolve("../../../${name}").toFile())
}

// [ name: property ] of all groups of the parameter schema, in their order.
def schemaProperties(Map schema) {
    return schema['$defs'].values().inject([:]) { all, group -> all + group.properties }
}

// A value from the command line, a file or a cell as its schema's type; unchanged if it is none.
def coerceValue(Map property, Object value) {
    if (value == null || value instanceof Map || value instanceof List) {
        return value
    }
    def text = value.toString().trim()
    if (property.type instanceof List) {
        // A number, or a text such as 1,10,100.
        return value instanceof Number || text ==~ /[-+]?\d+/ ? coerceValue(property + [type: 'integer'], value) : value
    }
    if (property.type == 'boolean' && text.toLowerCase() in ['true', 'false']) {
        return text.toLowerCase() == 'true'
    }
    if (property.type in ['integer', 'number'] && text ==~ /[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?/) {
        def number = new BigDecimal(text)
        def whole = number.remainder(BigDecimal.ONE) == 0
        if (property.type == 'integer' && !whole) {
            return value
        }
        return whole && number.abs() < 1e15 ? number.longValue() : number
    }
    return property.type == 'string' && !(value instanceof Boolean) ? text : value
}

// What is wrong with a coerced value and how to mend it, or null.
def valueProblem(Map property, Object value) {
    if (value instanceof Boolean && property.type != 'boolean') {
        return 'needs a value'
    }
    if (property.type instanceof List) {
        def kind = property.type.find { type -> hasType(type, value) }
        return kind ? valueProblem((kind == 'string' ? property : property.findAll { name, _limit -> name != 'pattern' }) + [type: kind], value) : "'${value}' cannot be used: ${property.errorMessage}"
    }
    if (!hasType(property.type, value)) {
        return "'${value}' is not ${typeName(property.type)}"
    }
    if (property['enum'] && !(value in property['enum'])) {
        return "'${value}' is not one of ${property['enum'].join(', ')}${didYouMean(property['enum'], value.toString(), '')}"
    }
    if (property.pattern && !(value =~ property.pattern)) {
        return "'${value}' cannot be used: ${property.errorMessage ?: 'it must match ' + property.pattern}"
    }
    if (property.minLength && value.size() < property.minLength) {
        return 'must not be empty'
    }
    def limits = [
        minimum: ['at least', { limit -> value >= limit }],
        maximum: ['at most', { limit -> value <= limit }],
        exclusiveMinimum: ['more than', { limit -> value > limit }],
        exclusiveMaximum: ['less than', { limit -> value < limit }],
    ]
    def broken = limits.find { name, limit -> value instanceof Number && property[name] != null && !limit[1].call(property[name]) }
    return broken ? "'${value}' must be ${broken.value[0]} ${property[broken.key]}" : null
}

def hasType(String type, Object value) {
    def classes = [string: CharSequence, integer: Long, number: Number, boolean: Boolean]
    return classes[type].isInstance(value)
}

def typeName(String type) {
    return [string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false'][type]
}

// '; did you mean --width?' where a known name is near, else an empty text.
def didYouMean(Collection known, String name, String prefix) {
    def plain = { text -> text.toString().toLowerCase().replaceAll(/[-_ ]/, '') }
    def same = known.find { candidate -> plain.call(candidate) == plain.call(name) }
    def near = same ?: known.collect { candidate -> candidate.toString() }.closest(name).find { candidate -> candidate }
    return near ? "; did you mean ${prefix}${near}?" : ''
}

// A finished sentence.
def sentence(String text) {
    return text ==~ /(?s).*[.?!]/ ? text : "${text}."
}

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

// Why a path is no readable file, or null.
def fileProblem(Object path) {
    if (path instanceof Map) {
        return "${path.toUriString()} needs Nextflow's plugin ${path.plugin}, which cannot be fetched; run `nextflow plugin install ${path.plugin}` once where there is a network, or download the file and give its path"
    }
    try {
        if (!path.exists()) {
            def name = path.toUriString()
            return isRemote(name) ? "${name} is not there or cannot be reached; open it in a browser, or download it and give its path" : "there is no file ${name}"
        }
        return path.isDirectory() ? "${path.toUriString()} is a folder, not a file" : null
    }
    catch (Exception error) {
        return "${path} cannot be reached (${error.message}): download it and give its path"
    }
}
