include { MODEL_PRUNE } from '../../../modules/local/model/prune'
include { modelOf } from '../train/replicates.nf'

// Prunes every replicate of an ExplaiNN, with --prune, to the units of its minimal model.
workflow PRUNE {
    take:
    readable   // [ run, model.safetensors, dataset.parquet ]
    outputs    // [ run, outputs.npz ]
    named      // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    plans      // [ oct4: [options: [prune: [prune: true], ...]], ... ]
    code

    main:
    evidence = named.filter { _meta, file -> file instanceof List }
        .map { meta, some -> [meta, some.findAll { path -> path.name.endsWith('.evidence.tsv') || path.name.endsWith('.minimal.tsv') }] }
        .filter { _meta, some -> some }

    MODEL_PRUNE(
        readable.filter { run, _model, _dataset -> plans[run.dataset].options.prune.prune }
            .join(outputs)
            .map { run, model, dataset, stored -> [modelOf(run), run, model, dataset, stored] }
            .combine(evidence, by: 0)
            .map { _meta, run, model, dataset, stored, files -> [run, model, dataset, stored, files] },
        code.MODEL_PRUNE,
    )

    files = MODEL_PRUNE.out.table

    emit:
    files   // [ run, oct4.explainn.r1.pruned.tsv ]
}
