include { READ_SHARED } from '../read_shared'
include { statesOf; readsGenome; sharedFiles } from '../validate/shared.nf'
include { mistakeLines; placed } from '../validate/places.nf'
include { onPage } from '../validate/given.nf'

// What was read of the inputs: a fault in a shared one ends the run, before the first training and with all others of
// its kind; one in a data set's own files ends that data set, while the others train as soon as theirs are read.
workflow JUDGE_INPUTS {
    take:
    ofDatasets   // [ [id: 'oct4', ...], oct4.status.json ], also oct4.explain.status.json and its like, or the state itself
    read    // [genomes: [ genome, file ], motifs: [ known, file ], modes: [ [known, clusters], file ]], all of them channels
    plans   // [ oct4: [id: 'oct4', shared: ['genome', ...], ...], ... ]
    code

    main:
    def usesGenome = { plan, genome -> readsGenome(plan) && plan.genome == genome }
    def usesModes = { plan, key -> plan.options.modes.binding_modes && [plan.known, plan.mode_clusters] == key }

    READ_SHARED(plans.values().toList(), code)
    def sharesGenome = { genome -> plans.values().any { plan -> 'genome' in plan.shared && usesGenome.call(plan, genome) } }
    def sharesMotifs = { known -> plans.values().any { plan -> 'motif_db' in plan.shared && plan.known == known } }
    def sharesModes = { key -> plans.values().any { plan -> 'mode_clusters' in plan.shared && usesModes.call(plan, key) } }
    shared = READ_SHARED.out.status.mix(
        read.genomes.filter { genome, _file -> sharesGenome.call(genome) }.map { _genome, file -> file },
        read.motifs.filter { known, _file -> sharesMotifs.call(known) }.map { _known, file -> file },
        read.modes.filter { key, _file -> sharesModes.call(key) }.map { _key, file -> file },
    )
    // As many as there are: with these, and no others, training begins.
    def expected = plans.values().toList()
    def count = expected.collectMany { plan -> sharedFiles(plan) }.unique().size() + expected.findAll { plan -> readsGenome(plan) }*.genome.unique().count(sharesGenome) +
        expected*.known.unique().count(sharesMotifs) + expected.findAll { plan -> plan.options.modes.binding_modes }.collect { plan -> [plan.known, plan.mode_clusters] }.unique().count(sharesModes)
    passed = stopOnFaults(count ? shared.take(count) : channel.empty())   // take(0) would never end

    // [ oct4, [complete: true, faults: []] ], as soon as its last state is there; where one is missing, at the end.
    judged = ofDatasets.map { meta, file -> [meta.id, file] }
        .mix(
            read.genomes.flatMap { genome, file -> plans.values().findAll { plan -> usesGenome.call(plan, genome) }.collect { plan -> [plan.id, file] } },
            read.motifs.flatMap { known, file -> plans.values().findAll { plan -> plan.known == known }.collect { plan -> [plan.id, file] } },
            read.modes.flatMap { key, file -> plans.values().findAll { plan -> usesModes.call(plan, key) }.collect { plan -> [plan.id, file] } },
        )
        .map { id, file -> [groupKey(id, statesOf(plans[id])), stateOf(file)] }
        .groupTuple(remainder: true)
        .map { key, states -> [key.getGroupTarget(), [complete: states.size() == statesOf(plans[key.getGroupTarget()]) && states.every { one -> one.state == 'ok' }, faults: placed(states.findAll { one -> one.state == 'error' }*.reason, plans[key.getGroupTarget()])]] }

    ready = judged.filter { _id, found -> found.complete }.combine(passed).map { id, _found, _passed -> [id, true] }
    verdicts = judged.toSortedList { one, other -> one[0] <=> other[0] }
        .map { all -> [left: all.count { _id, found -> found.complete }, faults: all.findAll { _id, found -> found.faults }.collectEntries { id, found -> [id, found.faults] }] }

    emit:
    ready      // [ oct4, true ], of data sets that can be trained
    verdicts   // [left: 7, faults: [oct4: ['oct4.fa, line 3: ...', ...], ...]], once
}

def stateOf(Object file) {
    return (file instanceof Map) ? file : new groovy.json.JsonSlurper().parseText(file.text)
}

// Emits true when every state is in and none is a fault; else ends the run with all of them.
def stopOnFaults(states) {
    return states.toList().map { files ->
        def faults = files.collect { file -> stateOf(file) }.findAll { one -> one.state == 'error' }
        if (faults) {
            error(mistakeLines(faults).collect { line -> onPage(line) }.join('\n'))
        }
        true
    }
}
