include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// Measures the importance of groups of a network's first filters, over all replicates, on held-out sequences.
process FILTERS_JUDGE {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: 'torch', bytes: { [files].flatten().sum { file -> file.size() } }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,meme}'

    input:
    // files: model, sites and nullification of all replicates, and the data set; motifs: known ones
    tuple val(meta), val(options), path(files), path(motifs)
    val code

    output:
    tuple val(meta), path("${meta.id}.{evidence.tsv,evidence.meme,evidence_tasks.tsv}"), emit: evidence
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    judge_filters.py --id ${meta.id} --options options.json --threads ${task.cpus} \\
        --models *.model.safetensors --sites *.filters.npz --influence *.nullification.tsv \\
        --dataset ${meta.dataset}.dataset.parquet --motif-set ${motifs}
    """

    stub:
    """
    touch ${meta.id}.{evidence,evidence_tasks}.tsv ${meta.id}.evidence.meme
    echo '{}' > versions.json
    """
}
