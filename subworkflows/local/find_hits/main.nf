include { HITS_FIND } from '../../../modules/local/hits/find'
include { modelOf; rowsAndMotifsOf } from '../train/replicates.nf'

// Sites of the motifs of every ExplaiNN model, and their contributions.
workflow FIND_HITS {
    take:
    readable     // [ run, model.safetensors, dataset.parquet ]
    units        // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named        // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    regions      // [ [id: 'oct4', ...], oct4.hits_regions.parquet, oct4.hits_read.json, oct4.hits.fa or [] ], of the data sets that ask for hits
    genomes      // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    replicates   // [ oct4, 3 ]: models of each architecture
    plans        // [ oct4: [hits: [...], options: [hits: [...]], ...], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], false, [r1.model.safetensors, ...], [r1.units.meme, ...], oct4.dataset.parquet ]
    models = readable
        .filter { run, _model, _dataset -> plans[run.dataset].hits }
        .join(units)
        .map { run, model, dataset, meme, _tables -> [run.dataset, run, model, meme, dataset] }
        .combine(replicates, by: 0)
        .map { _id, run, model, meme, dataset, count -> [groupKey(modelOf(run), count), run.torch, model, meme, dataset] }
        .groupTuple(remainder: true)   // also without the replicates that diverged
        .map { key, torch, some, memes, datasets -> [key.getGroupTarget(), torch.any(), some.sort { path -> path.name }, memes.sort { path -> path.name }, datasets[0]] }

    // Rows without motifs of their own, of earlier versions, have those of their units.
    asked = models.join(rowsAndMotifsOf(named))
        .map { meta, torch, files, memes, dataset, table, motifs -> [meta.dataset, meta + [torch: torch], files, table, motifs ?: memes, dataset] }
        .combine(regions.map { meta, found, read, sequences -> [meta.id, found, read, sequences] }, by: 0)
        .map { id, meta, files, table, motifs, dataset, found, read, sequences -> [plans[id].genome, [meta, plans[id].options.hits, files, table, motifs, dataset, found, read, sequences]] }
        .branch { _genome, row ->
            located: plans[row[0].dataset].genome && !plans[row[0].dataset].hits.records
            alone: true
        }
    HITS_FIND(
        asked.located.combine(genomes, by: 0).map { _genome, row, fasta, indexes -> row + [fasta, indexes] }
            .mix(asked.alone.map { _genome, row -> row + [[], []] }),
        code.HITS_FIND,
    )

    files = HITS_FIND.out.shown

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.hits_thresholds.tsv, oct4.explainn.hits_summary.json] ]
}
