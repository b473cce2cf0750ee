// Butai on Azure Container Apps: one environment, one app, one replica.
//
// One replica, not more: a channel lives in the memory of one process. More replicas need the relay between
// nodes of a later release; until then a second one would show its viewers channels without a picture.
//
// README.md beside this file has the commands.

@description('Where everything is made.')
param location string = resourceGroup().location

@description('Name of the app; its address begins with it.')
@minLength(2)
@maxLength(32)
param name string = 'butai'

@description('Name of the container registry, unique in Azure: letters and digits only.')
@minLength(5)
@maxLength(50)
param registryName string

@description('Image in that registry, with its tag. Empty at the first deployment, which makes the registry.')
param image string = ''

@description('Signs and verifies tokens: at least 32 bytes. Becomes BUTAI_AUTH_SECRET.')
@secure()
@minLength(32)
param authSecret string

@description('A name of your own, e.g. live.example.org. Empty: the address that Azure gives.')
param customDomain string = ''

@description('Whether the managed certificate of the custom domain may be made: its DNS records must stand first.')
param certificateForDomain bool = false

@description('CPU cores. JPEG to H.264 at 720p takes about one per channel.')
param cpu string = '2.0'

@description('Memory that goes with the cores.')
param memory string = '4Gi'

var deployApp = !empty(image)
var ownDomain = !empty(customDomain)
var secured = ownDomain && certificateForDomain
var appAddress = '${name}.${environment.properties.defaultDomain}'
var publicUrl = 'https://${secured ? customDomain : appAddress}'

resource logs 'Microsoft.OperationalInsights/workspaces@2022-10-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: registryName
  location: location
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

// The app pulls its image as this identity: no registry password anywhere.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-identity'
  location: location
}

var acrPull = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '7f951dda-4ed3-4680-a7ca-43fe172d538d'
)

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, acrPull)
  scope: registry
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: acrPull
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

// Azure makes it only for a name that an app already carries: hence the third deployment.
resource certificate 'Microsoft.App/managedEnvironments/managedCertificates@2024-03-01' = if (secured) {
  parent: environment
  name: '${name}-certificate'
  location: location
  properties: {
    subjectName: customDomain
    domainControlValidation: 'CNAME'
  }
}

resource app 'Microsoft.App/containerApps@2024-03-01' = if (deployApp) {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    managedEnvironmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 8080
        // HTTP/1.1 with WebSocket upgrades. The platform brings HTTPS and sends plain HTTP away.
        transport: 'http'
        allowInsecure: false
        customDomains: ownDomain
          ? [
              secured
                ? { name: customDomain, bindingType: 'SniEnabled', certificateId: certificate.id }
                : { name: customDomain, bindingType: 'Disabled' }
            ]
          : []
      }
      registries: [
        { server: registry.properties.loginServer, identity: identity.id }
      ]
      secrets: [
        { name: 'auth-secret', value: authSecret }
      ]
    }
    template: {
      // Longer than the drain: viewers are told to move, files are closed.
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'butai'
          image: '${registry.properties.loginServer}/${image}'
          resources: { cpu: json(cpu), memory: memory }
          env: [
            { name: 'BUTAI_AUTH_SECRET', secretRef: 'auth-secret' }
            { name: 'BUTAI_SERVER_PUBLIC_URL', value: publicUrl }
            // The ingress reaches the app from these ranges; nothing else can.
            { name: 'BUTAI_SERVER_TRUSTED_PROXIES', value: '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12' }
            { name: 'BUTAI_LOG_FORMAT', value: 'json' }
          ]
          volumeMounts: [
            { volumeName: 'data', mountPath: '/data' }
          ]
          probes: [
            {
              type: 'Startup'
              httpGet: { path: '/healthz', port: 8080 }
              periodSeconds: 1
              failureThreshold: 30
            }
            {
              type: 'Liveness'
              httpGet: { path: '/healthz', port: 8080 }
              periodSeconds: 10
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: { path: '/readyz', port: 8080 }
              periodSeconds: 5
              failureThreshold: 2
            }
          ]
        }
      ]
      scale: { minReplicas: 1, maxReplicas: 1 }
      volumes: [
        {
          name: 'data'
          // The replica's own disk; README.md says what that means for accounts.
          storageType: 'EmptyDir'
        }
      ]
    }
  }
  dependsOn: [mayPull]
}

output registry string = registry.properties.loginServer
output address string = deployApp ? publicUrl : 'not yet: deploy again with an image'
output dnsCname string = appAddress
output dnsVerification string = environment.properties.customDomainConfiguration.customDomainVerificationId
