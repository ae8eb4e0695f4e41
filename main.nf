include { validatedInput; codeDigest } from './subworkflows/local/validate'
include { helpText } from './subworkflows/local/validate/params.nf'
workflow {
    main:
    if (params.help) { print(helpText()); return }
    println codeDigest()
    println groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(validatedInput().datasets.collect{ d -> d + [files: d.files*.toString()]}))
}
