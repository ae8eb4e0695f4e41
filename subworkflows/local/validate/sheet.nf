// The samplesheet as text: separators, quotes, byte order marks, line ends, and files that are not text.

include { blankAboveHeader; separatorOf; splitCells } from './cells.nf'
include { controlProblem; didYouMean; sentence } from './schema.nf'

// Rows as [ line: 2, cells: [sample: 'OCT4', ...] ]; what is wrong is added to problems.
def readSheet(Object path, Collection columns, Collection required, List problems) {
    def name = path.name
    def text = decodeSheet(path.bytes, name, problems)
    if (text == null) {
        return []
    }
    def below = blankAboveHeader(text)
    def lines = splitCells(below, separatorOf(below)).findAll { row -> row.cells.any { cell -> cell } }
    if (!lines) {
        problems << "${name}: the samplesheet is empty; its first line must name the columns ${required.join(', ')}."
        return []
    }
    if (lines.any { row -> row.open }) {
        problems << "${name}, line ${lines.find { row -> row.open }.line}: a quotation mark is opened and never closed."
        return []
    }
    def header = lines[0].cells
    def rows = lines.drop(1)
    // A spreadsheet leaves empty columns at the end.
    def last = header.findLastIndexOf { cell -> cell as boolean }
    def names = header.take(last + 1)
    def steering = names.findAll { cell -> controlProblem(cell) }
    problems.addAll(steering.collect { cell -> sentence("${name}, line ${lines[0].line}, column ${names.indexOf(cell) + 1}, its name: ${controlProblem(cell)}") })
    def resembles = { String cell -> cell in columns || (cell && cell.size() < 40 && didYouMean(columns, cell, '')) }
    if (!steering && !names.any { cell -> cell in required } && names.count(resembles) < 2) {
        problems << sentence("${name}, line ${lines[0].line}: '${names[0].take(40)}' stands where the column names are expected; the first line must name ${required.join(', ')}.")
        return []
    }
    // A column that does not exist is told of and passed over, so that the cells of the others are checked as well.
    problems.addAll((names - steering).toUnique().findAll { cell -> cell && !(cell in columns) }.collect { cell ->
        def near = didYouMean(columns, cell, '')
        sentence("${name}, line ${lines[0].line}: there is no column '${cell}'${near}") + (near ? '' : " The columns are ${columns.join(', ')}.")
    })
    def headerProblems = names.withIndex().findAll { cell, _column -> !cell }.collect { _cell, column ->
        "${name}, line ${lines[0].line}: column ${column + 1} has no name."
    }
    headerProblems += names.countBy { cell -> cell }.findAll { cell, count -> cell && count > 1 }.collect { cell, _count ->
        "${name}, line ${lines[0].line}: the column '${cell}' occurs more than once; keep one."
    }
    headerProblems += required.findAll { column -> !(column in names) }.collect { column ->
        "${name}, line ${lines[0].line}: the column '${column}' is missing; the first line must name ${required.join(', ')}."
    }
    rows.findAll { row -> row.cells.size() < names.size() || row.cells.drop(names.size()).any { cell -> cell } }.each { row ->
        headerProblems << "${name}, line ${row.line}: ${row.cells.size()} cells, but the first line names ${names.size()} columns; quote cells that hold a separator."
    }
    if (!rows) {
        headerProblems << "${name}: there are no rows below the column names."
    }
    problems.addAll(headerProblems)
    return headerProblems ? [] : rows.collect { row -> [line: row.line, cells: [names, row.cells.take(names.size())].transpose().findAll { column, _cell -> column in columns }.collectEntries()] }
}

// What all rows of a data set say of it; an empty cell agrees with everything.
def agreedValues(String id, List rows, Collection columns, String sheet, List problems) {
    def filled = rows.collectMany { row -> row.keySet() }.toSet()
    return columns.findAll { column -> column in filled }.collectEntries { column ->
        def said = rows.findAll { row -> row[column] != null }
        def differing = said.find { row -> row[column] != said[0][column] }
        if (differing) {
            problems << sentence("${sheet}, lines ${said[0].line} and ${differing.line}, column ${column}: '${said[0][column]}' and '${differing[column]}' cannot both hold for the data set '${id}'; make them equal or give the rows different data sets.")
        }
        [column, said ? said[0][column] : null]
    }.findAll { _column, value -> value != null }
}

// The text of a file, or null where it is none.
def decodeSheet(byte[] bytes, String name, List problems) {
    def head = bytes.toList().take(4).collect { octet -> octet & 0xff }
    def kinds = [
        'a spreadsheet; save it as CSV': head.take(2) == [0x50, 0x4b] || head == [0xd0, 0xcf, 0x11, 0xe0],
        'gzip-compressed; unpack it': head.take(2) == [0x1f, 0x8b],
        'UTF-16; save it as UTF-8': head.take(2) in [[0xff, 0xfe], [0xfe, 0xff]],
        'binary; give a CSV or TSV file': bytes.any { octet -> octet == 0 },
    ]
    def kind = kinds.find { _advice, found -> found }
    if (kind) {
        problems << "${name}: the samplesheet is ${kind.key}."
        return null
    }
    try {
        def decoder = java.nio.charset.StandardCharsets.UTF_8.newDecoder()
        def text = decoder.decode(java.nio.ByteBuffer.wrap(bytes)).toString()
        return text.startsWith('\uFEFF') ? text.substring(1) : text
    }
    catch (java.nio.charset.CharacterCodingException _error) {
        problems << "${name}: the samplesheet is not UTF-8 text; save it as UTF-8."
        return null
    }
}
