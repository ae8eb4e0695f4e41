include { CONTRAST_MAKE } from '../../../modules/local/contrast/make'

// Two data sets that are prepared already become a third: positives of one against those of the other.
workflow CONTRAST {
    take:
    plans     // [ [id: 'CTCF_vs_JUND', contrast: ['CTCF', 'JUND'], spec: [...]], ... ]
    status    // [ [id: 'CTCF', assay: 'peaks'], CTCF.status.json ], of all data sets
    dataset   // [ [id: 'CTCF', ...], CTCF.dataset.parquet ], of those that can be used
    code

    main:
    // [ 'CTCF', [file: CTCF.dataset.parquet, missing: null] ]
    sides = status.join(dataset, remainder: true)
        .map { meta, state, parquet -> [meta.id, parquet ? [id: meta.id, file: parquet, missing: null] : [id: meta.id, file: null, missing: reasonOf(state)]] }
    def byId = plans.collectEntries { plan -> [plan.id, plan] }
    asked = channel.fromList(plans.collectMany { plan -> plan.contrast.unique(false).collect { name -> [name, plan.id] } })
    CONTRAST_MAKE(
        asked.combine(sides, by: 0)
            .map { _name, id, side -> [groupKey(id, byId[id].contrast.unique(false).size()), side] }
            .groupTuple()
            .map { key, both -> [byId[key.getGroupTarget()], both.sort { side -> side.id }] }
            .map { plan, both -> [[id: plan.id, assay: plan.assay], specOf(plan, both), both*.file.findAll { file -> file }] },
        code.CONTRAST_MAKE,
    )

    status = CONTRAST_MAKE.out.status
    tables = CONTRAST_MAKE.out.tables
    header = CONTRAST_MAKE.out.header
    dataset = CONTRAST_MAKE.out.dataset

    emit:
    status    // [ [id: 'CTCF_vs_JUND', assay: 'contrast'], CTCF_vs_JUND.status.json ]
    tables    // the same as of any data set
    header
    dataset
}

// Why a data set cannot be used, from its state.
def reasonOf(Object state) {
    return new groovy.json.JsonSlurper().parseText(state.text).reason ?: 'it has no sequences'
}

// The files by name, and why data sets are missing.
def specOf(Map plan, List sides) {
    def missing = sides.findAll { side -> side.missing }.collectEntries { side -> [side.id, side.missing] }
    return plan.spec + [options: plan.spec.options + [missing: missing], files: plan.contrast.unique(false).collect { id -> [name: "data set ${id}".toString(), path: "${id}.dataset.parquet".toString()] }]
}
