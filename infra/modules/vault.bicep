// The vault with the handler's secrets. The four of SecureAuth are set by hand (docs/deployment.md); the connection strings
// have no password, so they can be written here.
param name string
param location string
param tags object
param sqlHost string
param databaseName string
param identityClientId string
param purgeProtection bool

var database = 'Server=tcp:${sqlHost},1433;Database=${databaseName};Encrypt=True'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    // Azure refuses false.
    enablePurgeProtection: purgeProtection ? true : null
  }
}

resource connectionString 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'sqlserver-connection-string'
  properties: {
    value: '${database};Authentication=Active Directory Managed Identity;User ID=${identityClientId}'
  }
}

// For the commands of operators, who log in as themselves (docs/runbook.md).
resource ofOperators 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'sqlserver-connection-string-operators'
  properties: {
    value: '${database};Authentication=Active Directory Default'
  }
}

output name string = vault.name
output url string = vault.properties.vaultUri
