// The vault with the handler's secrets. The four of SecureAuth are set by hand (docs/deployment.md); the connection string
// has no password, so it can be written here.
param name string
param location string
param tags object
param sqlHost string
param databaseName string
param identityClientId string

var login = 'Authentication=Active Directory Managed Identity;User ID=${identityClientId}'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
  }
}

resource connectionString 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'sqlserver-connection-string'
  properties: {
    value: 'Server=tcp:${sqlHost},1433;Database=${databaseName};Encrypt=True;${login}'
  }
}

output name string = vault.name
output url string = vault.properties.vaultUri
