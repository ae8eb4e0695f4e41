// Where in the sheet a mistake comes from. (Without includes, so that several files can include it.)

// 'sheet.csv, lines 2, 3 and 5', or 'sheet.csv, lines 2 to 51'
def linesOf(String sheet, List rows) {
    def lines = rows*.line
    if (lines.size() == 1) {
        return "${sheet}, line ${lines[0]}"
    }
    return lines.size() > 3 && lines == (lines[0]..lines[-1]).toList() ? "${sheet}, lines ${lines[0]} to ${lines[-1]}" : "${sheet}, lines ${lines.init().join(', ')} and ${lines[-1]}"
}

// What the steps have found wrong in files, with the rows that name them, a line each; plans as validatedInput gives them.
def mistakeLines(List statuses, List plans) {
    def found = statuses.collectMany { status ->
        status.reason.readLines().collect { reason -> [reason: reason, rows: rowsOf(status.dataset, reason, plans)] }
    }
    def told = found.groupBy { mistake -> mistake.reason }.sort().collect { reason, same ->
        def rows = same.collectMany { mistake -> mistake.rows }.unique().sort { row -> row.line }
        def samples = rows.size() > 3 ? '' : " (sample${rows.size() > 1 ? 's' : ''} ${rows*.sample.join(', ')})"
        "ERROR: ${rows ? linesOf(plans[0].sheet, rows) + samples + ': ' : ''}${reason}".toString()
    }
    return told + ['Mend what is named and start again with -resume: what is done already is not run again.']
}

// Rows of a data set, or of all where a mistake is in none's own file, that name what a reason speaks of.
def rowsOf(String dataset, String reason, List plans) {
    def own = plans.findAll { plan -> plan.id == dataset }.collectMany { plan -> plan.rows }
    def all = own ?: plans.collectMany { plan -> plan.rows }
    def naming = all.findAll { row -> row.values().any { cell -> cell instanceof CharSequence && cell =~ /[.\/]/ && reason.contains(cell) } }
    return naming ?: own
}
