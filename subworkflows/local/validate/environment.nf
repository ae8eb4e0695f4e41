// Which environment, and so which image, a task needs: core, or torch, which holds core and more. A module gives it to the
// configuration as ext.environment: conf/engines.config and conf/environment.config choose by it. What says nothing gets
// core; what always needs torch says so itself. (Without includes, so that every module can include it.)

// Of a task that computes a model, by its options.
def environmentOf(Map run, Map options) {
    return run.torch || options.kernel == 'torch' || options.device == 'gpu' ? 'torch' : 'core'
}

// An image of ours in the registry that holds them, where one is named (conf/engines.config does the same); another as it is.
def imageIn(registry, String image) {
    return registry ? image.replaceFirst('^ghcr.io/nf-explainn(?=/)', registry.toString()) : image
}

// Whether a model is one that the kernel does not compute: any but ExplaiNN with at most two layers per unit.
def needsTorch(String architecture, Map training) {
    return architecture != 'explainn' || training.num_fc > 2
}

// Options of a data set that need torch, in the user's words.
def torchReasons(Map plan) {
    if (plan.applied) {
        return plan.applied.torch
    }
    def models = plan.models.findAll { model -> needsTorch(model, plan.training[model]) }
    def asked = [attribution: plan.options.attribute.attribution, unit_maps: plan.options.map.unit_maps]
    def how = plan.training.values().collectMany { options -> ['kernel', 'device'].findAll { name -> environmentOf([:], options.subMap([name])) == 'torch' }.collect { name -> "${name} ${options[name]}" } }
    return (models.collect { model -> model == 'explainn' ? "num_fc ${plan.training.explainn.num_fc}" : "models ${model}" } + how + asked.findAll { _name, on -> on }.keySet())*.toString().unique()
}

// Options that the kernel cannot compute, checked before an environment is made for it; of a data set's resolved options.
def kernelProblems(Map options) {
    if (options.kernel != 'native' || !('explainn' in options.models.tokenize(','))) {
        return []
    }
    return (options.device == 'gpu' ? ['kernel native runs on the CPU only, but device is gpu; use kernel auto or torch, or device cpu.'] : []) +
        (options.num_fc > 2 ? ["kernel native computes at most 2 dense layers per unit, but num_fc is ${options.num_fc}; use kernel auto or torch, or a smaller num_fc."] : [])
}
