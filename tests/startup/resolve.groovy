// What a configuration says of every process: the block of all, of each label and of the name, in this order, as Nextflow
// lays them over each other, and closures with what a first attempt of a task has.
import nextflow.config.ConfigParserFactory
def (profiles, device, registry, wanted, file) = args
def config = ConfigParserFactory.create().setProfiles(profiles.tokenize(',')).parse(java.nio.file.Path.of(file))
def params = config.params + [device: device, image_registry: registry]
def names = [params: params, workflow: [containerEngine: 'docker']]
def processes = new groovy.json.JsonSlurper().parse(new File(wanted))
def said = processes.collectEntries { name, own ->
    def task = [attempt: 1, executor: config.process.executor, ext: [environment: own.environment, bytes: own.bytes]]
    def settings = config.process.findAll { key, _ -> !key.startsWith('with') }
    def selected = { kind, text -> config.process.findAll { key, _ -> key.startsWith(kind) && text ==~ (key - kind) }.values() }
    own.labels.each { label -> selected('withLabel:', label).each { block -> settings = settings + block } }
    selected('withName:', name).each { block -> settings = settings + block }
    def order = settings.keySet().sort { key -> key in ['accelerator', 'container'] ? 0 : 1 }
    [name, order.collectEntries { key ->
        def value = settings[key]
        if (value instanceof Closure && key != 'errorStrategy') {
            value = value.rehydrate(names + [task: task], null, null)
            value.resolveStrategy = Closure.DELEGATE_FIRST
            value = value.call()
        }
        task[key] = value
        [key, value instanceof nextflow.util.MemoryUnit ? value.toGiga() : value instanceof Number || value instanceof Map || value == null ? value : value.toString()]
    }]
}
println(groovy.json.JsonOutput.toJson([processes: said, rest: config.findAll { key, _ -> key in ['env', 'docker', 'aws', 'google', 'azure', 'k8s'] }.toString()]))
