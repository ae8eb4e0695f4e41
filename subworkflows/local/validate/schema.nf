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

// Characters that end lines, steer a terminal or turn the direction of the text: no name needs one.
def controlCharacters() {
    return /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/
}

// Why a text, as it was given, cannot be a cell or a parameter, or null.
def controlProblem(Object value) {
    def found = (value instanceof CharSequence) ? value.toString().find(controlCharacters()) : null
    def names = ['\n': ', the end of a line', '\r': ', the end of a line', '\t': ', a tab', '\u2028': ', the end of a line', '\u2029': ', the end of a paragraph']
    return found ? "it holds the control character U+${String.format('%04X', found.codePointAt(0))}${names[found] ?: ''}; remove it, and rename the file if its name has one" : null
}

// A text of the user's, its control characters visible.
def shown(Object text) {
    return text.toString().replaceAll(controlCharacters()) { one -> String.format('\\u%04x', one.codePointAt(0)) }
}

// What is wrong with a coerced value and how to correct it, or null.
def valueProblem(Map property, Object value) {
    if (value instanceof Boolean && property.type != 'boolean') {
        return 'needs a value'
    }
    if (!hasType(property.type, value)) {
        // A list or map of a parameter file, where a text of a certain form is wanted, such as 1,10,100.
        return "'${value}' " + (property.type == 'string' && property.errorMessage ? "cannot be used: ${property.errorMessage}" : "is not ${typeName(property.type)}")
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
    // No name is as long; to compare each letter of a whole file with each of every name takes minutes.
    def near = same ?: name.size() > 200 ? null : known.collect { candidate -> candidate.toString() }.closest(name).find { candidate -> candidate }
    return near ? "; did you mean ${prefix}${near}?" : ''
}

// A finished sentence.
def sentence(String text) {
    // A cell may be as long as a file.
    def shown = text.replaceAll(/(\S{200})\S{800,}/, '$1...')
    return shown ==~ /(?s).*[.?!]/ ? shown : "${shown}."
}

// Which options each step gets: those that it reads, so that no other makes it run again.
// [ prepare: [width: 200, ...], interpret: [...], ... ]; what counts as given or not, and was not, gets its default here.
// keys: what namesOfSteps says, where it is asked for many data sets.
def optionsOfSteps(Map parameters, Map options, Map keys = namesOfSteps(parameters)) {
    def valueOf = { name -> options[name] == null && parameters[name].null_unless_given ? parameters[name].default : options[name] }
    return keys.collectEntries { step, names -> [step, names.collectEntries { name -> [name, valueOf.call(name)] }] }
}

// [ prepare: ['width', ...], ... ]: the parameters that each step reads.
def namesOfSteps(Map parameters) {
    def steps = parameters.values().collectMany { property -> property.steps ?: [] }.unique()
    return steps.collectEntries { step -> [step, parameters.findAll { _name, property -> step in (property.steps ?: []) }.keySet().toList()] }
}
