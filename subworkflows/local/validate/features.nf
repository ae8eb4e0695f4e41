// What assays and architectures say of themselves. (Without includes, so that several files can include it.)

// [ assays: [peaks: [module: 'peaks', genome: true, ...], ...], architectures: [explainn: [options: [...], shortest: 0, pretrained: false], ...], code: [...] ]
def features() {
    return new groovy.json.JsonSlurper().parse(moduleDir.resolve('../../../assets/features.json').toFile())
}

// Names of the architectures whose units are the outputs of trained models.
def pretrainedArchitectures() {
    return features().architectures.findAll { _name, architecture -> architecture.pretrained }.keySet()
}
