// Where in the sheet a mistake comes from. (Without includes, so that several files can include it.)

// 'sheet.csv, lines 2, 3 and 5', or 'sheet.csv, lines 2 to 51'
def linesOf(String sheet, List rows) {
    def lines = rows*.line
    if (lines.size() == 1) {
        return "${sheet}, line ${lines[0]}"
    }
    return lines.size() > 3 && lines == (lines[0]..lines[-1]).toList() ? "${sheet}, lines ${lines[0]} to ${lines[-1]}" : "${sheet}, lines ${lines.init().join(', ')} and ${lines[-1]}"
}

// What the steps have found wrong in shared files, a line each; plans as validatedInput gives them.
def mistakeLines(List statuses) {
    def told = statuses*.reason.collectMany { reason -> reason.readLines() }.unique().sort().collect { reason -> "ERROR: ${reason}".toString() }
    return told + ['Correct these and start again with -resume: finished tasks are not run again.']
}

// What is wrong in a data set's own files, with the rows of the sheet that name them: 'sheet.csv, line 3 (sample oct4): ...'
def placed(List reasons, Map plan) {
    return reasons.collectMany { reason -> reason.readLines() }.unique().sort().collect { reason ->
        def naming = plan.rows.findAll { row -> row.values().any { cell -> cell instanceof CharSequence && cell =~ /[.\/]/ && " ${reason}".contains(" ${cell}") } }
        def rows = (naming ?: plan.rows).sort { row -> row.line }
        def samples = rows.size() > 3 ? '' : " (sample${rows.size() > 1 ? 's' : ''} ${rows*.sample.join(', ')})"
        "${linesOf(plan.sheet, rows)}${samples}: ${reason}".toString()
    }
}
