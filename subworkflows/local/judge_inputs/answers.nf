// Whether what is asked of an earlier run's models can be read.

include { mistakeLines } from '../validate/places.nf'
include { onPage } from '../validate/given.nf'

// [left: 2, faults: [oct4: ['mine.fa: ...'], ...]] once all states are in; ends the run where nothing can be read.
def judgeAnswers(ofDatasets, ofGenomes) {
    return ofDatasets.map { meta, file -> [meta.id, file] }
        .mix(ofGenomes.map { _genome, file -> [null, file] })
        .toList()
        .map { all ->
            def states = all.collect { id, file -> [id, new groovy.json.JsonSlurper().parseText(file.text)] }
            def bad = states.findAll { _id, found -> found.state == 'error' }
            if (bad && !states.any { id, found -> id != null && found.state == 'ok' }) {
                error(mistakeLines(bad.collect { _id, found -> found }).collect { line -> onPage(line) }.join('\n'))
            }
            [left: states.count { id, found -> id != null && found.state == 'ok' }, faults: bad.findAll { id, _found -> id != null }.sort { one -> one[0] }.collectEntries { id, found -> [id, found.reason.readLines()] }]
        }
}
