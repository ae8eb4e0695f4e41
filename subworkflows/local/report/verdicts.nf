// The lines on the models at the end of a run.

// ['Verdicts    : 5 usable, 1 weak (FOXA1)'], from the summary's table; an empty list where there is none, which fails no run.
def verdictLines() {
    try {
        def models = tableCells('summary', ['dataset', 'model', 'verdict']).unique()
        def alone = models.countBy { dataset, _model, _verdict -> dataset }
        def words = [usable: 'usable', weak: 'weak', unusable: 'not usable', error: 'in error', none: 'without a model']
        def parts = words.collect { verdict, word ->
            def some = models.findAll { row -> row[2] == verdict }.collect { dataset, model, _verdict -> alone[dataset] > 1 ? "${dataset} ${model}" : dataset }
            def named = verdict == 'usable' ? '' : " (${some.take(5).join(', ')}${some.size() > 5 ? ', ...' : ''})"
            some ? "${some.size()} ${word}${named}" : ''
        }
        def told = parts.findAll { part -> part }.join(', ')
        return told ? ["Verdicts    : ${told}"] : []
    }
    catch (Exception _error) {
        return []
    }
}

// A sentence on the data sets with an error in a file, from the table of states; an empty list if there are none.
def errorLines() {
    try {
        def bad = tableCells('status', ['dataset', 'state']).findAll { _dataset, state -> state == 'error' }.collect { dataset, _state -> dataset }
        return bad ? ["Data sets in error, which have no model: ${bad.join(', ')}. The report says why (Sample status, and tables/status.tsv); correct their files and run again with -resume."] : []
    }
    catch (Exception _error) {
        return []
    }
}

// The cells of some columns of a published table, a list per row.
def tableCells(String table, List columns) {
    def rows = file("${params.outdir}/tables/${table}.tsv").readLines()*.split('\t', -1)
    def position = rows[0].toList()
    return rows.drop(1).collect { row -> columns.collect { column -> row[position.indexOf(column)] } }
}
