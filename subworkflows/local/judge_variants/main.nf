include { VARIANTS_JUDGE } from '../../../modules/local/variants/judge'
include { modelOf; rowsOf } from '../train/replicates.nf'

// Effects of a user's variants on the predictions of every ExplaiNN, by motif.
workflow JUDGE_VARIANTS {
    take:
    readable     // [ run, model.safetensors, dataset.parquet ]
    units        // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named        // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    alleles      // [ [id: 'oct4', ...], oct4.variants.parquet, oct4.variants_read.json ], of the data sets that have variants
    genomes      // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    replicates   // [ oct4, 3 ]: models of each architecture
    plans        // [ oct4: [variants: [...], options: [variants: [...]], ...], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], false, [r1.model.safetensors, r1.units.tsv, ...], oct4.dataset.parquet ]
    models = readable
        .filter { run, _model, _dataset -> plans[run.dataset].variants }
        .join(units)
        .map { run, model, dataset, _meme, tables -> [run.dataset, run, [model, tables.find { path -> path.name == "${run.id}.units.tsv".toString() }], dataset] }
        .combine(replicates, by: 0)
        .map { _id, run, files, dataset, count -> [groupKey(modelOf(run), count), run.torch, files, dataset] }
        .groupTuple(remainder: true)   // also without the replicates that diverged
        .map { key, torch, files, datasets -> [key.getGroupTarget(), torch.any(), files.flatten().sort { path -> path.name }, datasets[0]] }

    VARIANTS_JUDGE(
        models.join(rowsOf(named))
            .map { meta, torch, files, dataset, rows -> [meta.dataset, meta + [torch: torch], files, rows, dataset] }
            .combine(alleles.map { meta, found, read -> [meta.id, found, read] }, by: 0)
            .map { id, meta, files, rows, dataset, found, read -> [plans[id].genome, meta, files, rows, dataset, found, read] }
            .combine(genomes, by: 0)
            .map { _genome, meta, files, rows, dataset, found, read, fasta, indexes ->
                def plan = plans[meta.dataset]
                [meta, plan.options.variants, plan.variants.name, plan.variants.path, files, rows, dataset, found, read, fasta, indexes]
            },
        code.VARIANTS_JUDGE,
    )

    files = VARIANTS_JUDGE.out.shown

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.variants_strongest.tsv, oct4.explainn.variants_summary.json] ]
}
