include { asJson } from '../../../../subworkflows/local/validate/given.nf'

process UNITS_SUMMARISE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { [files].flatten().sum { file -> file.size() } }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '{logos/*,*.units.tsv,*.tomtom.tsv,*.support.tsv,*.consensus.*,*.evidence.*,*.evidence_tasks.tsv,*.minimal.tsv,*.best_pwms.*,*.contrast*.tsv}'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{verdict.json,ensemble.tsv}'

    input:
    // best: number of the best replicate; files: of all replicates (units, effects, outputs, history, metrics, predictions) and of the data set (itself, baseline, counts); motifs: known ones
    tuple val(meta), val(options), val(best), path(files), path(motifs)
    val code

    output:
    tuple val(meta), path("${meta.id}.tomtom.tsv")  , emit: tomtom
    tuple val(meta), path("${meta.id}.support.tsv") , emit: support
    tuple val(meta), path("${meta.id}.units.tsv")   , emit: units
    tuple val(meta), path("${meta.id}.verdict.json"), emit: verdict
    tuple val(meta), path("${meta.id}.{consensus.tsv,consensus.meme,ensemble.tsv}"), emit: joint   // the last with several replicates
    tuple val(meta), path("${meta.id}.{evidence.tsv,evidence.meme,evidence_tasks.tsv,minimal.tsv,best_pwms.tsv,best_pwms.meme}"), emit: evidence
    tuple val(meta), path("${meta.id}.contrast*.tsv"), optional: true, emit: contrast   // of two data sets against each other
    path 'logos/*', optional: true
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    summarise.py --id ${meta.id} --best ${best} --options options.json \\
        --units *.r*.units.{tsv,meme} --effects *.r*.effects.tsv --outputs *.r*.outputs.npz --history *.history.tsv --metrics *.metrics.tsv \\
        --motif-set ${motifs} --baseline ${meta.dataset}.baseline.tsv --counts ${meta.dataset}.counts.tsv \\
        --predictions *.predictions.parquet --dataset ${meta.dataset}.dataset.parquet
    """

    stub:
    """
    touch ${meta.id}.{tomtom,support,units,consensus,ensemble,evidence,evidence_tasks,minimal,best_pwms}.tsv ${meta.id}.{consensus,evidence,best_pwms}.meme ${meta.id}.verdict.json
    echo '{}' > versions.json
    """
}
