// Whether the container engine can start a task at all: asked before the first one, of what is on this machine.

include { readJson; schemaProperties } from './schema.nf'

// What is missing, a sentence each. Executors on other machines, and images of the user's own, are their business.
def engineProblems(Map values) {
    def engine = workflow.preview ? null : workflow.containerEngine
    def config = nextflow.Global.session.config
    def named = (config.executor instanceof Map) ? config.executor.name : config.executor
    def executor = config.process?.executor ?: named ?: System.getenv('NXF_EXECUTOR') ?: 'local'
    // A container that a file of the user's sets takes the place of our closure.
    def images = (config.process?.container instanceof CharSequence) ? [] : ownImages(values)
    if (engine in ['singularity', 'apptainer'] && !(executor in ['awsbatch', 'google-batch', 'azurebatch', 'k8s'])) {
        // Nextflow looks for the file itself, on the machine where it runs.
        return images.collectMany { image -> fileOfImage(engine, image, config[engine] ?: [:]) }
    }
    if (!(engine in ['docker', 'podman']) || executor != 'local' || config[engine]?.sudo) {
        return []
    }
    def problems = images.collectMany { image -> imageOfEngine(engine, image) }
    return problems || values.device != 'gpu' || (config.process?.container instanceof CharSequence) ? problems : gpuOfEngine(engine, values.container_image)
}

// Images of this version, which no registry holds yet.
def ownImages(Map values) {
    def known = schemaProperties(readJson('nextflow_schema.json'))
    return (['container_image'] + (values.peakvi ? ['peakvi_container'] : [])).findAll { name -> values[name] == known[name].default }.collect { name -> values[name] }
}

def fileOfImage(String engine, String image, Map config) {
    def name = image.replaceAll(/[:\/]+/, '-') + '.img'
    def prefix = "NXF_${engine.toUpperCase()}"
    def folders = [config.libraryDir, System.getenv("${prefix}_LIBRARYDIR".toString()), config.cacheDir, System.getenv("${prefix}_CACHEDIR".toString()), "${workflow.workDir}/singularity"].findAll { folder -> folder }
    if (config.ociAutoPull || config.ociMode || folders.any { folder -> file("${folder}/${name}", glob: false).exists() }) {
        return []
    }
    return ["-profile ${engine}: no registry holds the image ${image} yet, and its file ${name} is not in ${folders.unique().init().join(' or ')}; start once with ./nextflow instead of nextflow, which makes it there for both: ${startAgain()}"]
}

def imageOfEngine(String engine, String image) {
    def answer = ask([engine, 'image', 'inspect', image])
    if (answer == null) {
        return ["-profile ${engine}: ${engine} is not on PATH; install it, or leave the profile out and start with ./nextflow, which brings a Python environment."]
    }
    if (answer.code != 0 && answer.text =~ /(?i)cannot connect|permission denied/) {
        return ["-profile ${engine}: ${engine} does not answer (${lastLine(answer.text)}); start it, or become a member of the group ${engine}."]
    }
    if (answer.code == 0 || !(answer.text =~ /(?i)no such (image|object)|not known/)) {
        return []
    }
    return ["-profile ${engine}: no registry holds the image ${image} yet, and ${engine} does not have it; start once with ./nextflow instead of nextflow, which builds it: ${startAgain()}"]
}

// The engine's own trial: what drivers and toolkits must be there differs from one version to the next.
def gpuOfEngine(String engine, String image) {
    if (ask([engine, 'image', 'inspect', image])?.code != 0) {
        return []
    }
    def answer = ask([engine, 'run', '--rm', '--gpus', 'all', image, 'true'])
    return answer == null || answer.code == 0 ? [] : ["--device gpu: ${engine} cannot give a container the GPU (${lastLine(answer.text)}); see that nvidia-smi lists one here and install NVIDIA's container toolkit for ${engine}, or use --device auto."]
}

// The same command line with the start-up's script.
def startAgain() {
    return workflow.commandLine.replaceFirst(/^\S*nextflow/, "${projectDir}/nextflow")
}

// How a command ends and what it says, or null where there is none of the name; one that hangs is ended.
def ask(List command) {
    try {
        def process = new ProcessBuilder(command*.toString()).redirectErrorStream(true).start()
        def said = new StringBuffer()
        def reader = process.consumeProcessOutputStream(said)
        process.waitForOrKill(30000)
        reader.join(1000)
        return [code: process.exitValue(), text: said.toString()]
    }
    catch (IOException _error) {
        return null
    }
}

def lastLine(String text) {
    def lines = text.readLines()*.trim().findAll { line -> line && !(line ==~ /(See|Run) '.*/) }
    return (lines ? lines.last() : 'it gives no reason').replaceFirst(/(?i)^(docker: )?error( response from daemon)?: /, '').replaceFirst(/\.$/, '')
}
