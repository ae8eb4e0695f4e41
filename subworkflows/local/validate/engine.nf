// Checks before the first task whether tasks can start on this machine. What the run needs and
// ./nextflow makes, but for core, which is there, it makes now.

include { readJson; schemaProperties } from './schema.nf'
include { imageIn; torchReasons } from './environment.nf'

// What is missing, a sentence each. Executors on other machines, and images of the user's own, are their business.
def engineProblems(Map values, List datasets) {
    def engine = workflow.preview ? null : workflow.containerEngine
    def config = nextflow.Global.session.config
    def named = (config.executor instanceof Map) ? config.executor.name : config.executor
    def executor = config.process?.executor ?: named ?: System.getenv('NXF_EXECUTOR') ?: 'local'
    def docker = engine in ['docker', 'podman']
    // Other machines pull what they need; where ./nextflow is at work, it has it ready here.
    if (!(docker || engine in ['singularity', 'apptainer']) || executor in ['awsbatch', 'google-batch', 'azurebatch', 'k8s'] || (docker && (config[engine]?.sudo || executor != 'local' && !startUp()))) {
        return []
    }
    // A container that a file of the user's sets takes the place of our closure.
    def closed = config.process?.container instanceof CharSequence
    def images = closed ? [:] : ownImages(values, datasets)
    // For Apptainer Nextflow looks for the file itself, on the machine where it runs.
    def missing = { image -> docker ? imageOfEngine(engine, image) : fileOfImage(engine, image, config[engine] ?: [:]) }
    // ./nextflow fetches or builds them (core it has by now, but where the registry stands in a configuration); any other
    // Nextflow has them fetched alone.
    def why = [core: 'its tasks', torch: reasons(datasets), peakvi: 'single cells']
    def registry = values.image_registry ? [values.image_registry] : []
    def ended = images.findAll { _name, image -> missing.call(image) }.collectEntries { name, image -> [image, callStartUp([startUp() ? 'image' : 'fetch', name, engine] + registry, startUp() ? why[name] : null)] }
    // Without a Python for the start-up, tasks have the engine fetch the image as any other.
    def problems = images.values().findAll { image -> ended[image] != 1 || startUp() }.collectMany(missing)
    return problems || !docker || executor != 'local' || values.device != 'gpu' || closed ? problems : gpuOfEngine(engine, imageIn(values.image_registry, values.torch_container))
}

// Images of this version, as far as the run needs them: [ core: 'ghcr.io/...', ... ]
def ownImages(Map values, List datasets) {
    def known = schemaProperties(readJson('nextflow_schema.json'))
    def needed = [core: 'container_image'] + (reasons(datasets) ? [torch: 'torch_container'] : [:]) + (datasets.any { plan -> plan.denoised } ? [peakvi: 'peakvi_container'] : [:])
    return needed.findAll { _name, parameter -> values[parameter] == known[parameter].default }.collectEntries { name, parameter -> [name, imageIn(values.image_registry, values[parameter])] }
}

// The environment with torch, where tasks run without containers in one of ours: made now, before any task and once,
// since the nodes of a cluster may have no network. Else how to make it.
def environmentProblems(List datasets) {
    def engine = workflow.containerEngine
    if (engine && System.getenv('NFEXPLAINN_ENVIRONMENT') && !workflow.preview) {
        return ["-profile ${engine}: NFEXPLAINN_ENVIRONMENT is exported, whose Python would replace that of the image; unset NFEXPLAINN_ENVIRONMENT, then start again."]
    }
    def why = reasons(datasets)
    if (!why || !System.getenv('NFEXPLAINN_ENVIRONMENT') || workflow.preview || workflow.stubRun) {
        return []
    }
    if (startUp()) {
        def ended = callStartUp(['environment', 'torch'], file("${System.getenv('NFEXPLAINN_TORCH_ENVIRONMENT')}", glob: false).exists() ? null : why)
        return ended == 0 ? [] : ["this run needs torch, for ${why}, and the environment with it could not be made: the line above says why."]
    }
    def place = System.getenv('NFEXPLAINN_TORCH_ENVIRONMENT')
    return place && file(place, glob: false).exists() ? [] : ["this run needs torch, for ${why}: export NFEXPLAINN_TORCH_ENVIRONMENT=\$(${projectDir}/containers/startup/start.sh environment torch), then start again."]
}

// 'models danq, attribution': what the data sets need torch for; empty where they do not.
def reasons(List datasets) {
    return datasets.collectMany { plan -> torchReasons(plan) }.unique().join(', ')
}

// The start-up's script, where ./nextflow has started Nextflow; else null.
def startUp() {
    return System.getenv('NFEXPLAINN_STARTUP')
}

// How the start-up ends; its lines are the user's to see.
def callStartUp(List words, String why) {
    if (why) {
        log.info("This run needs ${words[1]}, for ${why}: its ${words[0]} is made now, once.")
    }
    def process = new ProcessBuilder([startUp() ?: "${projectDir}/containers/startup/start.sh".toString()] + words*.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
    Runtime.runtime.addShutdownHook(new Thread({ process.destroy() } as Runnable))
    return process.waitFor()
}

def fileOfImage(String engine, String image, Map config) {
    def name = image.replaceAll(/[:\/]+/, '-') + '.img'
    def prefix = "NXF_${engine.toUpperCase()}"
    def folders = [config.libraryDir, System.getenv("${prefix}_LIBRARYDIR".toString()), config.cacheDir, System.getenv("${prefix}_CACHEDIR".toString()), "${workflow.workDir}/singularity"].findAll { folder -> folder }
    if (config.ociAutoPull || config.ociMode || folders.any { folder -> file("${folder}/${name}", glob: false).exists() }) {
        return []
    }
    return ["-profile ${engine}: the file ${name} of the image ${image} is not in ${folders.unique().init().join(' or ')}, and no registry gave it; start once with ./nextflow instead of nextflow, which makes it there for both: ${startAgain()}"]
}

def imageOfEngine(String engine, String image) {
    def answer = ask([engine, 'image', 'inspect', image])
    if (answer == null) {
        return ["-profile ${engine}: ${engine} is not on PATH; install it, or leave the profile out and start with ./nextflow, which brings a Python environment."]
    }
    if (answer.code != 0 && answer.text =~ /(?i)cannot connect|permission denied/) {
        return ["-profile ${engine}: ${engine} does not answer (${lastLine(answer.text)}); start it, or join the group ${engine}."]
    }
    if (answer.code == 0 || !(answer.text =~ /(?i)no such (image|object)|not known/)) {
        return []
    }
    return ["-profile ${engine}: ${engine} does not have the image ${image}, and no registry gave it; start once with ./nextflow instead of nextflow, which builds it: ${startAgain()}"]
}

// The engine's own trial: what drivers and toolkits must be there differs from one version to the next.
def gpuOfEngine(String engine, String image) {
    if (ask([engine, 'image', 'inspect', image])?.code != 0) {
        return []
    }
    def answer = ask([engine, 'run', '--rm', '--gpus', 'all', image, 'true'])
    return answer == null || answer.code == 0 ? [] : ["--device gpu: ${engine} cannot give a container the GPU (${lastLine(answer.text)}); check that nvidia-smi lists one here and install NVIDIA's container toolkit for ${engine}, or use --device auto."]
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
