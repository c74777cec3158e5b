// Everything that the handler needs in Azure, in one resource group. See docs/deployment.md.
targetScope = 'resourceGroup'

@description('Name of the environment, such as dev or prod; part of all names')
@minLength(2)
@maxLength(8)
param environmentName string

@description('Region of all resources')
param location string = resourceGroup().location

@description('Mail address that gets the alerts')
param alertMail string

@description('Name of the Entra group that administers the SQL server')
param sqlAdminGroupName string = ''

@description('Object id of that group')
param sqlAdminGroupId string = ''

@description('Host of the SQL server that has the CRM database. Empty: a server and an empty database are created')
param existingSqlServer string = ''

@description('Name of the database')
param databaseName string = 'crm'

@description('SKU of a database that is created. Not a serverless one: the timer keeps it awake')
param databaseSku object = { name: 'S0', tier: 'Standard' }

@description('Days to which a database that is created can be restored')
@minValue(1)
@maxValue(35)
param databaseRestoreDays int = 7

@description('Public IPv4 addresses that may connect to a server that is created, besides Azure: deployers and operators')
param allowedAddresses array = []

@description('Id of a subnet, delegated to Microsoft.App/environments, through which the app reaches private addresses. Empty: none')
param subnetId string = ''

@description('Most instances of the function app; SECUREAUTH_WORKERS decides how many of them work on runs')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('How a new version or setting takes the place of the old one')
@allowed(['RollingUpdate', 'Recreate'])
param updateStrategy string = 'RollingUpdate'

@description('Whether a deleted vault, and its secrets, cannot be purged before 90 days. It cannot be turned off again')
param vaultPurgeProtection bool = true

@description('Days for which log lines are kept')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Redundancy of the storage account')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('Second factors of new pools, or none: SECOND_FACTOR_MECHANISMS')
param secondFactorMechanisms string

@description('Further settings of docs/SETTINGS.md by their names; secrets stand in the vault')
param handlerSettings object = {}

var token = uniqueString(resourceGroup().id, environmentName)
var tags = { 'azd-env-name': environmentName }
var createsDatabase = empty(existingSqlServer)

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: 'id-onboarding-${environmentName}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: 'onboarding-${environmentName}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'stonboard${token}'
    location: location
    tags: tags
    sku: storageSku
  }
}

module sql 'modules/sql.bicep' = if (createsDatabase) {
  name: 'sql'
  params: {
    serverName: 'sql-onboarding-${token}'
    databaseName: databaseName
    location: location
    tags: tags
    sku: databaseSku
    restoreDays: databaseRestoreDays
    adminGroupName: sqlAdminGroupName
    adminGroupId: sqlAdminGroupId
    allowedAddresses: allowedAddresses
  }
}

var sqlHost = createsDatabase ? sql!.outputs.host : existingSqlServer

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    sqlHost: sqlHost
    databaseName: databaseName
    identityClientId: identity.outputs.clientId
    purgeProtection: vaultPurgeProtection
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    queueNames: storage.outputs.queueNames
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    name: 'func-onboard-${environmentName}-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainerUrl: storage.outputs.packageContainerUrl
    insightsConnection: monitoring.outputs.insightsConnection
    vaultUrl: vault.outputs.url
    subnetId: subnetId
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    updateStrategy: updateStrategy
    secondFactorMechanisms: secondFactorMechanisms
    handlerSettings: handlerSettings
  }
  // Without its roles the app cannot read its package.
  dependsOn: [roles]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    mail: alertMail
    prefix: 'onboarding-${environmentName}'
  }
}

output FUNCTION_APP_NAME string = functionApp.outputs.name
output FUNCTION_APP_HOST string = functionApp.outputs.host
// Not KEY_VAULT_…: azd hands outputs to its hooks as variables, and the program would take these for settings.
output VAULT_NAME string = vault.outputs.name
output VAULT_URL string = vault.outputs.url
output SQL_HOST string = sqlHost
output SQL_DATABASE string = databaseName
output IDENTITY_NAME string = identity.outputs.name
