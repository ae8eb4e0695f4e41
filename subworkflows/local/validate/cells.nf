// The cells of a samplesheet's lines: separators, quotes, and what stands above the column names.

// The text with empty lines where comments stand above the column names, or Excel's hint at the separator.
def blankAboveHeader(String text) {
    def lines = text.split('\r\n|\r|\n', -1).toList()
    def header = lines.findIndexOf { line -> line.trim() && !(line ==~ /(?i)"?sep=.?"?|\s*"?#(?!.*\bassay\b).*/) }
    return (lines.take(Math.max(header, 0)).collect { _line -> '' } + lines.drop(Math.max(header, 0))).join('\n')
}

// Comma, semicolon or tab: the one that is most frequent in the first line that holds anything.
def separatorOf(String text) {
    def first = text.readLines().find { line -> line.trim() } ?: ''
    return [',', ';', '\t'].max { separator -> first.count(separator) }
}

// [ [line: 1, cells: [...], open: false], ... ]; quotes as in RFC 4180.
def splitCells(String text, String separator) {
    def rows = []
    def state = [row: [line: 1, cells: [], open: false], cell: new StringBuilder(), quoted: false, wasQuoted: false, line: 1, previous: '']
    def endCell = { ->
        state.row.cells << (state.wasQuoted ? state.cell.toString() : state.cell.toString().replaceAll(/^[ \t]+|[ \t]+\z/, ''))
        state.cell = new StringBuilder()
        state.wasQuoted = false
    }
    def endRow = { ->
        endCell.call()
        rows << state.row
        state.row = [line: state.line, cells: [], open: false]
    }
    text.replace('\r\n', '\n').replace('\r', '\n').each { symbol ->
        state.line += symbol == '\n' ? 1 : 0
        if (state.quoted) {
            if (symbol == '"') {
                state.quoted = false
            }
            else {
                state.cell << symbol
            }
        }
        else if (symbol == '"' && (state.previous == '"' && state.wasQuoted)) {
            // A doubled quotation mark inside quotes is one.
            state.cell << symbol
            state.quoted = true
        }
        else if (symbol == '"' && !state.cell.toString().trim()) {
            state.cell = new StringBuilder()
            state.quoted = true
            state.wasQuoted = true
        }
        else if (symbol == separator) {
            endCell.call()
        }
        else if (symbol == '\n') {
            endRow.call()
        }
        else {
            state.cell << symbol
        }
        state.previous = symbol
    }
    state.row.open = state.quoted
    endRow.call()
    return rows
}
