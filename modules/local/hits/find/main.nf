include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// The sites of a model's motifs, and what they contribute to the predictions of all of its replicates.
process HITS_FIND {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: { environmentOf(meta, options) }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/hits" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*{.hits.bed.gz*,.hits_thresholds.tsv,.peak_by_motif.parquet,.igv_session.xml}'

    input:
    // files: models of all replicates; rows: the evidence, motifs: of its rows (of earlier versions the units and theirs); sequences: what the regions lie in where it is not the genome, or []
    tuple val(meta), val(options), path(files), path(rows), path(motifs), path(dataset), path(regions), path(read), path(sequences), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.hits_{thresholds.tsv,summary.json}"), emit: shown
    tuple val(meta), path("${meta.id}.hits.bed.gz"), path("${meta.id}.hits.bed.gz.{tbi,csi}"), emit: bed
    tuple val(meta), path("${meta.id}.peak_by_motif.parquet"), emit: table
    tuple val(meta), path("${meta.id}.igv_session.xml"), optional: true, emit: session   // of places in a genome
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${genome ? "ln -sf given ${fasta}" : ''}
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    find_hits.py --id ${meta.id} --options options.json --threads ${task.cpus} \\
        --models *.model.safetensors --rows ${rows} --motifs ${motifs} --dataset ${dataset} \\
        --regions ${regions} --read ${read} --genome ${sequences ?: fasta}
    """

    stub:
    """
    touch ${meta.id}.hits_{thresholds.tsv,summary.json} ${meta.id}.{hits.bed.gz,hits.bed.gz.tbi,peak_by_motif.parquet,igv_session.xml}
    echo '{}' > versions.json
    """
}
