// A page of the report: multiqc_report.html, or, of many data sets, pages/oct4.html.
process REPORT_MULTIQC {
    label 'process_low'
    publishDir path: { params.outdir }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null

    input:
    tuple val(name), path(files, stageAs: 'sections/*')   // *_mqc.* or a folder of them
    path config, stageAs: 'config/*'

    output:
    path "${name}.html", emit: html

    // MultiQC keeps a second copy of all sections for its AI summaries, a quarter of the page, also where they are off
    // (no_ai): an empty one (tools and sections, as JSON in base64) takes its place.
    // Its own version stays out of the topic: what reads the topic may not write to it.
    script:
    """
    mkdir -p pages
    multiqc --force sections --config ${config} --filename whole.html ${task.ext.args ?: ''}
    sed 's/^\\(aiReportMetadataBase64 = \\)".*"/\\1"eyJ0b29scyI6e30sInNlY3Rpb25zIjp7fX0="/' whole.html > ${name}.html
    """

    stub:
    """
    mkdir -p pages
    touch ${name}.html
    """
}
