// The function app on a Flex Consumption plan.
param name string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param packageContainerUrl string
param insightsConnection string
param vaultUrl string
param subnetId string
param maximumInstanceCount int
param instanceMemoryMB int
param updateStrategy string
param secondFactorMechanisms string
param handlerSettings object

var platformSettings = {
  AzureWebJobsStorage__accountName: storageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

var ownSettings = {
  AZURE_CLIENT_ID: identityClientId
  DATABASE: 'sqlserver'
  KEY_VAULT_URL: vaultUrl
  SECOND_FACTOR_MECHANISMS: secondFactorMechanisms
}

var appSettings = union(handlerSettings, platformSettings, ownSettings)

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  // azd finds the app of azure.yaml's service by this tag.
  tags: union(tags, { 'azd-service-name': 'handler' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [for setting in items(appSettings): {
        name: setting.key
        value: setting.value
      }]
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'custom'
        version: '1.0'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
      }
      siteUpdateStrategy: {
        type: updateStrategy
      }
    }
  }
}

// Nobody can publish with a password.
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = [for way in ['ftp', 'scm']: {
  parent: app
  name: way
  properties: {
    allow: false
  }
}]

output name string = app.name
output host string = app.properties.defaultHostName
