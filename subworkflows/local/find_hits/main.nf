include { HITS_FIND } from '../../../modules/local/hits/find'
include { modelOf; evidenceAndMotifsOf } from '../train/replicates.nf'

// Where the sites of every ExplaiNN's motifs are, and what each contributes.
workflow FIND_HITS {
    take:
    readable     // [ run, model.safetensors, dataset.parquet ]
    named        // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    regions      // [ [id: 'oct4', ...], oct4.hits_regions.parquet, oct4.hits_read.json, oct4.hits.fa or [] ], of the data sets that ask for hits
    genomes      // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    replicates   // [ oct4, 3 ]: models of each architecture
    plans        // [ oct4: [hits: [...], options: [hits: [...]], ...], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], false, [r1.model.safetensors, ...], oct4.dataset.parquet ]
    models = readable
        .filter { run, _model, _dataset -> plans[run.dataset].hits }
        .map { run, model, dataset -> [run.dataset, run, model, dataset] }
        .combine(replicates, by: 0)
        .map { _id, run, model, dataset, count -> [groupKey(modelOf(run), count), run.torch, model, dataset] }
        .groupTuple(remainder: true)   // also without the replicates that diverged
        .map { key, torch, some, datasets -> [key.getGroupTarget(), torch.any(), some.sort { path -> path.name }, datasets[0]] }

    asked = models.join(evidenceAndMotifsOf(named))
        .map { meta, torch, files, dataset, evidence -> [meta.dataset, meta + [torch: torch], files + evidence, dataset] }
        .combine(regions.map { meta, found, read, sequences -> [meta.id, found, read, sequences] }, by: 0)
        .branch { id, _meta, _files, _dataset, _found, _read, _sequences ->
            located: plans[id].genome && !plans[id].hits.records
            alone: true
        }
    HITS_FIND(
        asked.located.map { row -> [plans[row[0]].genome] + row }
            .combine(genomes, by: 0)
            .map { _genome, id, meta, files, dataset, found, read, sequences, fasta, indexes -> [meta, plans[id].options.hits, files, dataset, found, read, sequences, fasta, indexes] }
            .mix(asked.alone.map { id, meta, files, dataset, found, read, sequences -> [meta, plans[id].options.hits, files, dataset, found, read, sequences, [], []] }),
        code.HITS_FIND,
    )

    files = HITS_FIND.out.shown

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.hits_thresholds.tsv, oct4.explainn.hits_summary.json] ]
}
