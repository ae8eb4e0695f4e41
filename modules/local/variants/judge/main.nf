include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Effects of variants on the predictions of all replicates of a model, split by motif.
process VARIANTS_JUDGE {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: { environmentOf(meta, options) }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/variants" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.variants.*'

    input:
    // name: what the user calls the file; files: models and units of all replicates; rows: the rows of motifs that these are in
    tuple val(meta), val(options), val(name), path(variants, stageAs: 'given/?'), path(files), path(rows, stageAs: 'rows/*'), path(dataset), path(alleles), path(read), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.variants_{strongest.tsv,summary.json}"), emit: shown
    tuple val(meta), path("${meta.id}.variants.{tsv,parquet}"), emit: tables
    tuple val(meta), path("${meta.id}.variants.vcf.gz"), emit: vcf
    tuple val(meta), path("${meta.id}.variants.vcf.gz.{tbi,csi}"), optional: true, emit: index   // of variants in the order of their positions
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${linkGiven([name])}
    ln -sf given ${fasta}
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    judge_variants.py --id ${meta.id} --options options.json --threads ${task.cpus} \\
        --models *.model.safetensors --units *.r*.units.tsv --rows ${rows} --dataset ${dataset} \\
        --alleles ${alleles} --read ${read} --variants ${ourNames([name])[0]} --genome ${fasta}
    """

    stub:
    """
    touch ${meta.id}.variants_{strongest.tsv,summary.json} ${meta.id}.variants.{tsv,parquet,vcf.gz,vcf.gz.tbi}
    echo '{}' > versions.json
    """
}
