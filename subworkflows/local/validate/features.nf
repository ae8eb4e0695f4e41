// (Read once per data set and more: what is large, the files of code, is apart, in code.json.)
// Properties of assays and architectures. (Without includes, so that several files can include it.)

// [ assays: [peaks: [module: 'peaks', genome: true, ...], ...], architectures: [explainn: [options: [...], shortest: 0, pretrained: false], ...] ]
def features() {
    return new groovy.json.JsonSlurper().parse(moduleDir.resolve('../../../assets/features.json').toFile())
}

// Whether an assay has measured values, which a model predicts, and no classes alone.
def measuresValues(Map assay) {
    return assay.losses.any { loss -> loss in ['mse', 'pearson'] }
}

// Their modules: their tasks are compared by the difference of values.
def ofValues() {
    return features().assays.values().findAll { assay -> measuresValues(assay) }*.module.unique()
}

// Names of the architectures whose units are the outputs of trained models.
def pretrainedArchitectures() {
    return headsAmong(features().architectures)
}

// The same of architectures that were read before.
def headsAmong(Map architectures) {
    return architectures.findAll { _name, architecture -> architecture.pretrained }.keySet()
}
