include { CONDITIONS_COMPARE } from '../../../modules/local/conditions/compare'
include { perModel; rowsOf } from '../train/replicates.nf'

// Compares the conditions of every data set that has them, by the motifs of its ExplaiNN models and the known motifs.
workflow COMPARE_CONDITIONS {
    take:
    datasets     // [ [id: 'atac', ...], atac.dataset.parquet ]
    outputs      // [ run, outputs.npz ]
    named        // [ [id: 'atac.explainn', dataset: 'atac', ...], file or files ]: the evidence, ...
    motifs       // [ [motif_db: null, ...], known_motifs.meme ]
    replicates   // [ atac, 3 ]: models of each architecture
    plans        // [ atac: [samples: [ [task: 'treated_1', condition: 'treated', replicate: '1'], ... ], options: [conditions: [...]], ...], ... ]
    code

    main:
    // [ [id: 'atac.explainn', ...], [atac.explainn.r1.outputs.npz, ...] ]
    stored = perModel(outputs.filter { run, _stored -> plans[run.dataset].samples }, replicates)

    CONDITIONS_COMPARE(
        stored.join(rowsOf(named))
            .map { meta, files, evidence -> [meta.dataset, meta, files, evidence] }
            .combine(datasets.map { meta, dataset -> [meta.id, dataset] }, by: 0)
            .map { id, meta, files, evidence, dataset -> [plans[id].known, meta, plans[id].options.conditions + [samples: plans[id].samples], files, evidence, dataset] }
            .combine(motifs, by: 0)
            .map { _known, meta, options, files, evidence, dataset, known -> [meta, options, files, evidence, dataset, known] },
        code.CONDITIONS_COMPARE,
    )

    files = CONDITIONS_COMPARE.out.tables

    emit:
    files   // [ [id: 'atac.explainn', ...], [atac.explainn.conditions.tsv, atac.explainn.condition_slopes.tsv] ]
}
