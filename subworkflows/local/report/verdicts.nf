// What the end of a run says of its models.

// ['Verdicts    : 5 usable, 1 weak (FOXA1)'], from the summary's table; an empty list where there is none, which fails no run.
def verdictLines() {
    try {
        def rows = file("${params.outdir}/tables/summary.tsv").readLines()*.split('\t', -1)
        def position = rows[0].toList()
        def models = rows.drop(1).collect { row -> ['dataset', 'model', 'verdict'].collect { column -> row[position.indexOf(column)] } }.unique()
        def alone = models.countBy { dataset, _model, _verdict -> dataset }
        def words = [usable: 'usable', weak: 'weak', unusable: 'not usable', none: 'without a model']
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
