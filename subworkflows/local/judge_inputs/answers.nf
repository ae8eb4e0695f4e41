// Whether the inputs for the models of an earlier run can be read.

include { mistakeLines } from '../validate/places.nf'
include { onPage } from '../validate/given.nf'

// [left: 2, faults: [oct4: ['mine.fa: ...'], ...]] once all states are in; ends the run where an input that all share (genome,
// known motifs) has a fault, or nothing is left to be answered.
def judgeAnswers(ofQuestions, ofShared, List plans) {
    return ofQuestions.map { meta, file -> [meta.id, file] }
        .mix(ofShared.map { _shared, file -> [null, file] })
        .toList()
        .map { all ->
            def states = all.collect { id, file -> [id, new groovy.json.JsonSlurper().parseText(file.text)] }
            def bad = states.findAll { _id, found -> found.state == 'error' }
            def fine = states.findAll { id, found -> id != null && found.state != 'error' }*.getAt(0) + plans.findAll { plan -> plan.attribution }*.id
            def answered = fine.unique()
            if (bad && (!answered || bad.any { id, _found -> id == null })) {
                error(mistakeLines(bad.collect { _id, found -> found }).collect { line -> onPage(line) }.join('\n'))
            }
            [left: answered.size(), faults: bad.groupBy { id, _found -> id }.sort().collectEntries { id, some -> [id, some.collectMany { _id, found -> found.reason.readLines() }.unique()] }]
        }
}
