include { INTERACTIONS_FIND } from '../../../modules/local/interactions/find'
include { perModel; rowsOf } from '../train/replicates.nf'

// Interactions of supported motif pairs, for every ExplaiNN with --interactions, with all replicates together.
workflow INTERACT {
    take:
    readable     // [ run, model.safetensors, dataset.parquet ]
    outputs      // [ run, outputs.npz ]
    named        // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    replicates   // [ oct4, 3 ]: models of each architecture
    plans        // [ oct4: [options: [interactions: [interactions: true], ...]], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', dataset: 'oct4', ...], [oct4.dataset.parquet, oct4.explainn.r1.outputs.npz, ...] ]
    together = perModel(
        readable.filter { run, _model, _dataset -> plans[run.dataset].options.interactions.interactions }
            .join(outputs)
            .map { run, _model, dataset, stored -> [run, [dataset, stored]] },
        replicates,
    )
    INTERACTIONS_FIND(
        together.join(rowsOf(named)).map { meta, files, table -> [meta, files + [table]] },
        code.INTERACTIONS_FIND,
    )

    files = INTERACTIONS_FIND.out.tables

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.interactions.tsv, oct4.explainn.interactions_spacing.tsv] ]
}
