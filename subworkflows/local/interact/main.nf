include { INTERACTIONS_FIND } from '../../../modules/local/interactions/find'
include { modelOf } from '../train/replicates.nf'

// Pairs of supported motifs of every ExplaiNN whose data set asks for them, by all its replicates together.
workflow INTERACT {
    take:
    readable     // [ run, model.safetensors, dataset.parquet ]
    outputs      // [ run, outputs.npz ]
    named        // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    replicates   // [ oct4, 3 ]: models of each architecture
    plans        // [ oct4: [options: [interactions: [interactions: true], ...]], ... ]
    code

    main:
    evidence = named.filter { _meta, file -> file instanceof List }
        .map { meta, some -> [meta, some.findAll { path -> path.name.endsWith('.evidence.tsv') }] }
        .filter { _meta, some -> some }

    // [ [id: 'oct4.explainn', dataset: 'oct4', ...], [oct4.dataset.parquet, oct4.explainn.r1.outputs.npz, ...] ]
    together = readable.filter { run, _model, _dataset -> plans[run.dataset].options.interactions.interactions }
        .join(outputs)
        .map { run, _model, dataset, stored -> [run.dataset, run, [dataset, stored]] }
        .combine(replicates, by: 0)
        .map { _dataset, run, files, count -> [groupKey(modelOf(run), count), files] }
        .groupTuple(remainder: true)   // also without the replicates that diverged
        .map { key, files -> [key.getGroupTarget(), files.flatten().unique { path -> path.name }.sort { path -> path.name }] }
    INTERACTIONS_FIND(
        together.combine(evidence, by: 0).map { meta, files, some -> [meta, files + some] },
        code.INTERACTIONS_FIND,
    )

    files = INTERACTIONS_FIND.out.tables

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.interactions.tsv, oct4.explainn.interactions_spacing.tsv] ]
}
