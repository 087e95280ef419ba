/* The calls of the corpus: which there are, how often each kind of caller makes them, what their
 * parameters look like, and how they fail. Tables, after the proportions of real archives: few
 * calls make most of the volume (KMS, STS, S3 objects, Describe*), and a long tail the rest. */
#include "api.h"

#include <string.h>

#define K_WORKLOAD (K_LAMBDA | K_ECS | K_IRSA)
#define K_PERSON (K_HUMAN | K_CONSOLE)
#define KMS_KEY                                                                                    \
        "[{\"accountId\":\"%a\",\"type\":\"AWS::KMS::Key\",\"ARN\":\"arn:aws:kms:%r:%a:key/%k\"}]"
#define S3_OBJECT                                                                                  \
        "[{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::%b/%o\"},{\"accountId\":\"%a\","    \
        "\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::%b\"}]"
#define S3_BUCKET                                                                                  \
        "[{\"accountId\":\"%a\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::%b\"}]"
#define S3_EXTRA                                                                                   \
        "{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\","              \
        "\"bytesTransferredIn\":0,\"AuthenticationMethod\":\"AuthHeader\",\"x-amz-id-2\":\"%B=\"," \
        "\"bytesTransferredOut\":%N}"
#define SECRET_ARN "arn:aws:secretsmanager:%r:%a:secret:%S"
#define FILTER(name, value)                                                                        \
        "{\"name\":\"" name "\",\"valueSet\":{\"items\":[{\"value\":\"" value "\"}]}}"

/* clang-format off */
const Api api_table[] = {
{"kms", "Decrypt", K_WORKLOAD | K_EC2, 150, API_READ | API_VIA, "{\"encryptionContext\":{\"SecretARN\":\"" SECRET_ARN "\",\"SecretVersionId\":\"%U\"},\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}", NULL, KMS_KEY, NULL, NULL},
{"kms", "Decrypt", K_WORKLOAD | K_SERVICE, 90, API_READ | API_VIA, "{\"encryptionContext\":{\"aws:s3:arn\":\"arn:aws:s3:::%b/%o\"},\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}", NULL, KMS_KEY, NULL, NULL},
{"kms", "GenerateDataKey", K_WORKLOAD | K_SERVICE, 70, API_READ | API_VIA, "{\"keySpec\":\"AES_256\",\"encryptionContext\":{\"aws:s3:arn\":\"arn:aws:s3:::%b/%o\"},\"keyId\":\"arn:aws:kms:%r:%a:key/%k\"}", NULL, KMS_KEY, NULL, NULL},
{"kms", "Encrypt", K_SERVICE | K_IRSA, 30, API_READ, "{\"encryptionContext\":{\"aws:eks:context\":\"%k\"},\"keyId\":\"arn:aws:kms:%r:%a:key/%k\",\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}", NULL, KMS_KEY, NULL, NULL},
{"kms", "Sign", K_ACCOUNT, 300, API_READ, "{\"keyId\":\"arn:aws:kms:%r:%a:key/%k\",\"messageType\":\"RAW\",\"signingAlgorithm\":\"RSASSA_PKCS1_V1_5_SHA_256\"}", NULL, KMS_KEY, NULL, NULL},
{"kms", "CreateGrant", K_SERVICE | K_EC2, 8, 0, "{\"granteePrincipal\":\"autoscaling.%r.amazonaws.com\",\"operations\":[\"Decrypt\",\"GenerateDataKeyWithoutPlaintext\",\"CreateGrant\"],\"constraints\":{\"encryptionContextSubset\":{\"aws:ebs:id\":\"vol-%x\"}},\"keyId\":\"%k\"}", "{\"grantId\":\"%U\",\"keyId\":\"arn:aws:kms:%r:%a:key/%k\"}", KMS_KEY, NULL, NULL},
{"s3", "GetObject", K_WORKLOAD | K_CI | K_ACCOUNT, 130, API_READ | API_DATA, "{\"bucketName\":\"%b\",\"Host\":\"%b.s3.%r.amazonaws.com\",\"key\":\"%o\"}", NULL, S3_OBJECT, S3_EXTRA, NULL},
{"s3", "PutObject", K_WORKLOAD | K_CI | K_SERVICE, 80, API_DATA, "{\"bucketName\":\"%b\",\"Host\":\"%b.s3.%r.amazonaws.com\",\"key\":\"%o\",\"x-amz-server-side-encryption\":\"aws:kms\"}", "{\"x-amz-server-side-encryption\":\"aws:kms\",\"x-amz-server-side-encryption-aws-kms-key-id\":\"arn:aws:kms:%r:%a:key/%k\"}", S3_OBJECT, S3_EXTRA, NULL},
{"s3", "HeadObject", K_WORKLOAD, 30, API_READ | API_DATA, "{\"bucketName\":\"%b\",\"Host\":\"%b.s3.%r.amazonaws.com\",\"key\":\"%o\"}", NULL, S3_OBJECT, S3_EXTRA, NULL},
{"s3", "ListObjects", K_WORKLOAD | K_CI, 14, API_READ | API_DATA, "{\"list-type\":\"2\",\"bucketName\":\"%b\",\"encoding-type\":\"url\",\"max-keys\":\"1000\",\"prefix\":\"%p/\",\"Host\":\"%b.s3.%r.amazonaws.com\"}", NULL, S3_BUCKET, S3_EXTRA, NULL},
{"s3", "GetBucketAcl", K_SERVICE | K_AUDIT, 26, API_READ, "{\"bucketName\":\"%b\",\"Host\":\"%b.s3.%r.amazonaws.com\",\"acl\":\"\"}", NULL, S3_BUCKET, S3_EXTRA, NULL},
{"s3", "GetBucketEncryption", K_PERSON | K_AUDIT, 8, API_READ, "{\"bucketName\":\"%b\",\"Host\":\"%b.s3.%r.amazonaws.com\",\"encryption\":\"\"}", NULL, S3_BUCKET, S3_EXTRA, NULL},
{"s3", "ListBuckets", K_PERSON | K_AUDIT | K_CI, 5, API_READ, "{\"Host\":\"s3.amazonaws.com\"}", NULL, NULL, S3_EXTRA, NULL},
{"s3", "PutBucketPolicy", K_CI, 1, API_LOUD, "{\"bucketPolicy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"TLSOnly\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::%b\",\"arn:aws:s3:::%b/*\"],\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}}]},\"bucketName\":\"%b\",\"Host\":\"%b.s3.amazonaws.com\",\"policy\":\"\"}", NULL, S3_BUCKET, S3_EXTRA, NULL},
{"sts", "GetCallerIdentity", K_WORKLOAD | K_EC2 | K_CI | K_AUDIT, 40, API_READ, NULL, NULL, NULL, NULL, NULL},
{"ec2", "DescribeInstances", K_EC2 | K_IRSA | K_PERSON | K_AUDIT | K_CI, 50, API_READ, "{\"maxResults\":1000,\"instancesSet\":{},\"filterSet\":{\"items\":[" FILTER("instance-state-name", "running") "," FILTER("tag:Name", "%w") "]}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeInstances", K_IRSA | K_CI, 16, API_READ, "{\"instancesSet\":{\"items\":[%({\"instanceId\":\"%i\"}%)]},\"filterSet\":{}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeNetworkInterfaces", K_IRSA | K_SERVICE, 26, API_READ, "{\"networkInterfaceIdSet\":{},\"filterSet\":{\"items\":[{\"name\":\"private-ip-address\",\"valueSet\":{\"items\":[%({\"value\":\"10.%n.%n.%n\"}%)]}}]}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeInstanceStatus", K_SERVICE | K_IRSA, 20, API_READ, "{\"instancesSet\":{\"items\":[{\"instanceId\":\"%i\"}]},\"filterSet\":{},\"includeAllInstances\":true}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeSecurityGroups", K_IRSA | K_PERSON | K_AUDIT, 18, API_READ, "{\"securityGroupSet\":{},\"securityGroupIdSet\":{\"items\":[{\"groupId\":\"%g\"}]},\"filterSet\":{}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeSubnets", K_IRSA | K_PERSON | K_CI, 14, API_READ, "{\"subnetSet\":{\"items\":[{\"subnetId\":\"%s\"},{\"subnetId\":\"%s\"}]},\"filterSet\":{}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeVolumes", K_IRSA | K_PERSON, 10, API_READ, "{\"volumeSet\":{\"items\":[{\"volumeId\":\"vol-%x\"}]},\"filterSet\":{}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeTags", K_EC2, 12, API_READ, "{\"tagSet\":{},\"filterSet\":{\"items\":[" FILTER("resource-id", "%i") "]}}", NULL, NULL, NULL, NULL},
{"ec2", "DescribeInstanceTypes", K_IRSA, 5, API_READ, "{\"DescribeInstanceTypesRequest\":{\"nextToken\":\"%B\",\"Filter\":[{\"Value\":{\"tag\":1,\"content\":\"hvm\"},\"tag\":1,\"Name\":\"supported-virtualization-type\"},{\"Value\":[{\"tag\":1,\"content\":\"x86_64\"},{\"tag\":2,\"content\":\"arm64\"}],\"tag\":2,\"Name\":\"processor-info.supported-architecture\"}]}}", NULL, NULL, NULL, NULL},
{"ec2", "RunInstances", K_SERVICE | K_CI | K_IRSA, 3, API_LOUD, "{\"instancesSet\":{\"items\":[{\"imageId\":\"%h\",\"minCount\":1,\"maxCount\":4}]},\"instanceType\":\"m6i.large\",\"blockDeviceMapping\":{},\"monitoring\":{\"enabled\":false},\"subnetId\":\"%s\",\"disableApiTermination\":false,\"clientToken\":\"%U\",\"iamInstanceProfile\":{\"arn\":\"arn:aws:iam::%a:instance-profile/%w\"},\"tagSpecificationSet\":{\"items\":[{\"resourceType\":\"instance\",\"tags\":[{\"key\":\"Name\",\"value\":\"%w\"},{\"key\":\"owner\",\"value\":\"%P\"}]}]}}", "{\"requestId\":\"%U\",\"reservationId\":\"r-%x\",\"ownerId\":\"%a\",\"groupSet\":{},\"instancesSet\":{\"items\":[%({\"instanceId\":\"i-%x\",\"imageId\":\"%h\",\"bootMode\":\"uefi-preferred\",\"instanceState\":{\"code\":0,\"name\":\"pending\"},\"privateDnsName\":\"ip-10-%n-%n-%n.%r.compute.internal\",\"amiLaunchIndex\":0,\"productCodes\":{},\"instanceType\":\"m6i.large\",\"launchTime\":%d,\"placement\":{\"availabilityZone\":\"%ra\",\"tenancy\":\"default\"},\"monitoring\":{\"state\":\"pending\"},\"subnetId\":\"%s\",\"vpcId\":\"%v\",\"privateIpAddress\":\"10.%n.%n.%n\",\"stateReason\":{\"code\":\"pending\",\"message\":\"pending\"},\"architecture\":\"x86_64\",\"rootDeviceType\":\"ebs\",\"rootDeviceName\":\"/dev/xvda\",\"blockDeviceMapping\":{},\"virtualizationType\":\"hvm\",\"hypervisor\":\"xen\",\"groupSet\":{\"items\":[{\"groupId\":\"%g\",\"groupName\":\"%w\"}]},\"sourceDestCheck\":true,\"networkInterfaceSet\":{\"items\":[{\"networkInterfaceId\":\"%e\",\"status\":\"in-use\",\"macAddress\":\"02:%m:%m:%m:%m:%m\",\"privateIpAddressesSet\":{\"item\":[{\"privateIpAddress\":\"10.%n.%n.%n\",\"primary\":true}]},\"ipv6AddressesSet\":{},\"tagSet\":{}}]},\"ebsOptimized\":false,\"enaSupport\":true,\"cpuOptions\":{\"coreCount\":1,\"threadsPerCore\":2},\"metadataOptions\":{\"state\":\"pending\",\"httpTokens\":\"required\",\"httpPutResponseHopLimit\":2,\"httpEndpoint\":\"enabled\"}}%)]}}", NULL, NULL, NULL},
{"ec2", "CreateNetworkInterface", K_SERVICE | K_IRSA, 8, 0, "{\"subnetId\":\"%s\",\"description\":\"AWS Lambda VPC ENI-%w-%U\",\"groupSet\":{\"items\":[{\"groupId\":\"%g\"}]},\"privateIpAddressesSet\":{}}", "{\"requestId\":\"%U\",\"networkInterface\":{\"networkInterfaceId\":\"%e\",\"subnetId\":\"%s\",\"vpcId\":\"%v\",\"availabilityZone\":\"%rb\",\"ownerId\":\"%a\",\"requesterManaged\":false,\"status\":\"pending\",\"macAddress\":\"0a:%m:%m:%m:%m:%m\",\"privateIpAddress\":\"10.%n.%n.%n\",\"privateDnsName\":\"ip-10-%n-%n-%n.%r.compute.internal\",\"sourceDestCheck\":true,\"interfaceType\":\"interface\",\"groupSet\":{\"items\":[{\"groupId\":\"%g\",\"groupName\":\"%w\"}]},\"privateIpAddressesSet\":{\"item\":[{\"privateIpAddress\":\"10.%n.%n.%n\",\"primary\":true}]},\"ipv6AddressesSet\":{},\"tagSet\":{}}}", NULL, NULL, NULL},
{"ec2", "CreateTags", K_IRSA | K_CI, 6, 0, "{\"resourcesSet\":{\"items\":[%({\"resourceId\":\"%i\"}%)]},\"tagSet\":{\"items\":[{\"key\":\"kubernetes.io/cluster/%c\",\"value\":\"owned\"},{\"key\":\"owner\",\"value\":\"%P\"}]}}", "{\"requestId\":\"%U\",\"_return\":true}", NULL, NULL, NULL},
{"ec2", "TerminateInstances", K_SERVICE | K_IRSA, 2, 0, "{\"instancesSet\":{\"items\":[{\"instanceId\":\"%i\"}]}}", "{\"requestId\":\"%U\",\"instancesSet\":{\"items\":[{\"instanceId\":\"%i\",\"currentState\":{\"code\":32,\"name\":\"shutting-down\"},\"previousState\":{\"code\":16,\"name\":\"running\"}}]}}", NULL, NULL, NULL},
{"ec2", "AuthorizeSecurityGroupIngress", K_CI | K_PERSON, 2, API_LOUD, "{\"groupId\":\"%g\",\"ipPermissions\":{\"items\":[{\"ipProtocol\":\"tcp\",\"fromPort\":443,\"toPort\":443,\"groups\":{},\"ipRanges\":{\"items\":[{\"cidrIp\":\"10.0.0.0/8\",\"description\":\"Zugang f\\u00fcr B\\u00fcro\"}]},\"ipv6Ranges\":{},\"prefixListIds\":{}}]}}", "{\"requestId\":\"%U\",\"_return\":true}", NULL, NULL, NULL},
{"elasticloadbalancing", "DescribeLoadBalancers", K_IRSA | K_PERSON, 20, API_READ, "{\"names\":[\"k8s-%w\"]}", NULL, NULL, NULL, "2015-12-01"},
{"elasticloadbalancing", "DescribeTargetHealth", K_IRSA | K_ECS, 18, API_READ, "{\"targetGroupArn\":\"arn:aws:elasticloadbalancing:%r:%a:targetgroup/%w/%x\"}", NULL, NULL, NULL, "2015-12-01"},
{"elasticloadbalancing", "RegisterTargets", K_IRSA | K_SERVICE, 4, 0, "{\"targetGroupArn\":\"arn:aws:elasticloadbalancing:%r:%a:targetgroup/%w/%x\",\"targets\":[{\"id\":\"%i\",\"port\":30080}]}", NULL, NULL, NULL, "2015-12-01"},
{"autoscaling", "DescribeAutoScalingGroups", K_IRSA | K_CI, 14, API_READ, "{\"autoScalingGroupNames\":[%(\"eks-%w-%U\"%)]}", NULL, NULL, NULL, NULL},
{"ssm", "UpdateInstanceInformation", K_EC2, 160, 0, "{\"instanceId\":\"%i\",\"agentVersion\":\"3.2.2222.0\",\"agentStatus\":\"Active\",\"platformType\":\"Linux\",\"platformName\":\"Amazon Linux\",\"platformVersion\":\"2\",\"iPAddress\":\"10.%n.%n.%n\",\"computerName\":\"ip-10-%n-%n-%n.%r.compute.internal\",\"agentName\":\"amazon-ssm-agent\",\"availabilityZone\":\"%rc\",\"availabilityZoneId\":\"euw3-az3\",\"sSMConnectionChannel\":\"ssmmessages\"}", NULL, NULL, NULL, NULL},
{"ssm", "ListInstanceAssociations", K_EC2, 70, API_READ, "{\"instanceId\":\"%i\",\"maxResults\":20}", NULL, "[{\"accountId\":\"%a\",\"ARN\":\"arn:aws:ec2:%r:%a:instance/%i\"}]", NULL, NULL},
{"ssm", "GetParameter", K_WORKLOAD | K_CI, 26, API_READ, "{\"name\":\"%p\",\"withDecryption\":true}", NULL, "[{\"accountId\":\"%a\",\"ARN\":\"arn:aws:ssm:%r:%a:parameter%p\"}]", NULL, NULL},
{"ssm", "GetParameters", K_WORKLOAD, 12, API_READ, "{\"withDecryption\":false,\"names\":[%(\"%p\"%)]}", NULL, NULL, NULL, NULL},
{"ssm", "PutInventory", K_EC2, 10, 0, "{\"instanceId\":\"%i\",\"items\":[%({\"typeName\":\"AWS:InstanceDetailedInformation\",\"schemaVersion\":\"1.0\",\"captureTime\":\"%T\",\"contentHash\":\"%B=\"}%)]}", NULL, NULL, NULL, NULL},
{"secretsmanager", "GetSecretValue", K_WORKLOAD, 50, API_READ, "{\"secretId\":\"" SECRET_ARN "\"}", NULL, NULL, NULL, NULL},
{"secretsmanager", "ListSecrets", K_SERVICE | K_PERSON, 6, API_READ, "{\"maxResults\":100,\"filters\":[{\"key\":\"name\",\"values\":[\"AmazonMSK\"]}]}", NULL, NULL, NULL, NULL},
{"secretsmanager", "DescribeSecret", K_IRSA | K_PERSON, 10, API_READ, "{\"secretId\":\"" SECRET_ARN "\"}", NULL, NULL, NULL, NULL},
{"logs", "CreateLogStream", K_LAMBDA | K_ECS | K_SERVICE, 90, 0, "{\"logGroupName\":\"/aws/lambda/%f\",\"logStreamName\":\"%Y/[$LATEST]%y\"}", NULL, NULL, NULL, "20140328"},
{"logs", "CreateLogGroup", K_LAMBDA | K_CI, 6, 0, "{\"logGroupName\":\"/aws/lambda/%f\"}", NULL, NULL, NULL, "20140328"},
{"logs", "DescribeLogGroups", K_PERSON | K_AUDIT | K_CI, 10, API_READ, "{\"logGroupNamePrefix\":\"/aws/lambda/%f\",\"limit\":50}", NULL, NULL, NULL, "20140328"},
{"logs", "StartQuery", K_PERSON, 4, 0, "{\"logGroupNames\":[%(\"/aws/lambda/%f\"%)],\"startTime\":%d,\"endTime\":%d,\"queryString\":\"fields @timestamp, @message\\n| filter @message like \\\"ERROR\\\"\\n| sort @timestamp desc\\n| limit 200\"}", "{\"queryId\":\"%U\"}", NULL, NULL, "20140328"},
{"dynamodb", "GetItem", K_WORKLOAD, 40, API_READ | API_DATA, "{\"tableName\":\"%t\",\"key\":{\"pk\":\"HIDDEN_DUE_TO_SECURITY_REASONS\"},\"consistentRead\":false}", NULL, "[{\"accountId\":\"%a\",\"type\":\"AWS::DynamoDB::Table\",\"ARN\":\"arn:aws:dynamodb:%r:%a:table/%t\"}]", NULL, "2012-08-10"},
{"dynamodb", "BatchGetItem", K_WORKLOAD, 14, API_READ | API_DATA, "{\"requestItems\":{\"%t\":{\"keys\":[%({\"pk\":\"%w#%n\",\"sk\":\"%U\"}%)]}},\"returnConsumedCapacity\":\"NONE\"}", NULL, "[{\"accountId\":\"%a\",\"type\":\"AWS::DynamoDB::Table\",\"ARN\":\"arn:aws:dynamodb:%r:%a:table/%t\"}]", NULL, "2012-08-10"},
{"dynamodb", "DescribeTable", K_WORKLOAD | K_PERSON, 24, API_READ, "{\"tableName\":\"%t\"}", NULL, "[{\"accountId\":\"%a\",\"type\":\"AWS::DynamoDB::Table\",\"ARN\":\"arn:aws:dynamodb:%r:%a:table/%t\"}]", NULL, "2012-08-10"},
{"lambda", "Invoke", K_LAMBDA | K_SERVICE, 26, API_DATA, "{\"functionName\":\"arn:aws:lambda:%r:%a:function:%f\",\"invocationType\":\"Event\",\"clientContext\":\"%B\"}", NULL, "[{\"accountId\":\"%a\",\"type\":\"AWS::Lambda::Function\",\"ARN\":\"arn:aws:lambda:%r:%a:function:%f\"}]", "{\"customerEniEnabled\":false,\"functionVersion\":\"arn:aws:lambda:%r:%a:function:%f:$LATEST\"}", NULL},
{"lambda", "ListFunctions20150331", K_PERSON | K_AUDIT, 8, API_READ, "{\"maxItems\":50,\"functionVersion\":\"ALL\"}", NULL, NULL, NULL, NULL},
{"lambda", "GetFunction20150331v2", K_CI | K_PERSON, 10, API_READ, "{\"functionName\":\"%f\"}", NULL, NULL, "{\"customerEniEnabled\":false,\"functionVersion\":\"arn:aws:lambda:%r:%a:function:%f:$LATEST\"}", NULL},
{"lambda", "UpdateFunctionCode20150331v2", K_CI, 10, 0, "{\"functionName\":\"%f\",\"s3Bucket\":\"%b\",\"s3Key\":\"%o\",\"publish\":false,\"dryRun\":false}", "{\"functionName\":\"%f\",\"functionArn\":\"arn:aws:lambda:%r:%a:function:%f\",\"runtime\":\"python3.11\",\"role\":\"arn:aws:iam::%a:role/%w-lambda-role\",\"handler\":\"app.handler\",\"codeSize\":%N,\"description\":\"\\\"%w\\\" \\\\ by %P\",\"timeout\":30,\"memorySize\":512,\"lastModified\":\"%T\",\"codeSha256\":\"%B=\",\"version\":\"$LATEST\",\"environment\":{},\"tracingConfig\":{\"mode\":\"PassThrough\"},\"revisionId\":\"%U\",\"state\":\"Active\",\"lastUpdateStatus\":\"InProgress\",\"packageType\":\"Zip\",\"architectures\":[\"x86_64\"]}", NULL, NULL, NULL},
{"lambda", "CreateFunction20150331", K_CI, 2, API_LOUD, "{\"functionName\":\"%f\",\"runtime\":\"nodejs20.x\",\"role\":\"arn:aws:iam::%a:role/%w-lambda-role\",\"handler\":\"index.handler\",\"code\":{\"s3Bucket\":\"%b\",\"s3Key\":\"%o\"},\"timeout\":15}", "{\"functionName\":\"%f\",\"functionArn\":\"arn:aws:lambda:%r:%a:function:%f\",\"state\":\"Pending\",\"revisionId\":\"%U\"}", NULL, NULL, NULL},
{"monitoring", "DescribeAlarms", K_PERSON | K_CI | K_AUDIT | K_SERVICE, 16, API_READ, "{\"alarmNames\":[%(\"TargetTracking-table/%t-AlarmHigh-%U\"%)]}", NULL, NULL, NULL, "2010-08-01"},
{"monitoring", "GetMetricData", K_LAMBDA | K_AUDIT, 12, API_READ | API_DATA, "{\"metricDataQueries\":[%({\"id\":\"m%n\",\"metricStat\":{\"metric\":{\"namespace\":\"AWS/EC2\",\"metricName\":\"CPUUtilization\",\"dimensions\":[{\"name\":\"InstanceId\",\"value\":\"%i\"}]},\"period\":300,\"stat\":\"Average\"},\"returnData\":true}%)],\"startTime\":\"%D\",\"endTime\":\"%D\"}", NULL, NULL, NULL, "2010-08-01"},
{"monitoring", "PutMetricAlarm", K_SERVICE | K_CI, 6, 0, "{\"alarmName\":\"TargetTracking-table/%t-AlarmHigh-%U\",\"alarmDescription\":\"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy %U.\",\"actionsEnabled\":true,\"alarmActions\":[\"arn:aws:autoscaling:%r:%a:scalingPolicy:%U\"],\"metricName\":\"ConsumedReadCapacityUnits\",\"namespace\":\"AWS/DynamoDB\",\"statistic\":\"Sum\",\"dimensions\":[{\"name\":\"TableName\",\"value\":\"%t\"}],\"period\":60,\"evaluationPeriods\":2,\"threshold\":42.0,\"comparisonOperator\":\"GreaterThanThreshold\"}", NULL, NULL, NULL, "2010-08-01"},
{"iam", "GetRole", K_CI | K_PERSON | K_AUDIT, 14, API_READ | API_GLOBAL, "{\"roleName\":\"%R\"}", NULL, NULL, NULL, NULL},
{"iam", "ListRoles", K_PERSON | K_AUDIT, 5, API_READ | API_GLOBAL | API_LOUD, "{\"maxItems\":1000}", NULL, NULL, NULL, NULL},
{"iam", "ListAttachedRolePolicies", K_CI | K_AUDIT, 12, API_READ | API_GLOBAL, "{\"roleName\":\"%R\"}", NULL, NULL, NULL, NULL},
{"iam", "GetPolicyVersion", K_CI | K_AUDIT, 8, API_READ | API_GLOBAL, "{\"policyArn\":\"arn:aws:iam::%a:policy/%w\",\"versionId\":\"v%n\"}", NULL, NULL, NULL, NULL},
{"iam", "ListUsers", K_AUDIT, 3, API_READ | API_GLOBAL | API_LOUD, "{\"maxItems\":100}", NULL, NULL, NULL, NULL},
{"iam", "GenerateCredentialReport", K_AUDIT, 3, API_READ | API_GLOBAL, NULL, "{\"state\":\"STARTED\",\"description\":\"No report exists. Starting a new report generation task\"}", NULL, NULL, NULL},
{"iam", "CreateRole", K_CI, 2, API_GLOBAL | API_LOUD, "{\"roleName\":\"%R\",\"assumeRolePolicyDocument\":\"{\\n  \\\"Version\\\": \\\"2012-10-17\\\",\\n  \\\"Statement\\\": [\\n    {\\n      \\\"Effect\\\": \\\"Allow\\\",\\n      \\\"Principal\\\": {\\\"Service\\\": \\\"lambda.amazonaws.com\\\"},\\n      \\\"Action\\\": \\\"sts:AssumeRole\\\"\\n    }\\n  ]\\n}\",\"tags\":[{\"key\":\"owner\",\"value\":\"%P\"}]}", "{\"role\":{\"path\":\"/\",\"roleName\":\"%R\",\"roleId\":\"AROA%Q\",\"arn\":\"arn:aws:iam::%a:role/%R\",\"createDate\":\"%D\",\"assumeRolePolicyDocument\":\"%%7B%%22Version%%22%%3A%%222012-10-17%%22%%7D\"}}", NULL, NULL, NULL},
{"iam", "AttachRolePolicy", K_CI, 3, API_GLOBAL | API_LOUD, "{\"roleName\":\"%R\",\"policyArn\":\"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\"}", NULL, NULL, NULL, NULL},
{"iam", "CreateAccessKey", K_PERSON, 1, API_GLOBAL | API_LOUD, "{\"userName\":\"%u\"}", "{\"accessKey\":{\"userName\":\"%u\",\"accessKeyId\":\"AKIA%q\",\"status\":\"Active\",\"createDate\":\"%D\"}}", NULL, NULL, NULL},
{"rds", "DescribeDBInstances", K_PERSON | K_AUDIT | K_IRSA, 12, API_READ, "{\"dBInstanceIdentifier\":\"%w\",\"maxRecords\":100}", NULL, NULL, NULL, NULL},
{"rds", "DescribeDBClusters", K_PERSON | K_AUDIT | K_SERVICE, 8, API_READ, "{\"includeShared\":false}", NULL, NULL, NULL, NULL},
{"tagging", "GetResources", K_AUDIT | K_LAMBDA, 8, API_READ, "{\"resourceTypeFilters\":[\"ec2:instance\",\"rds:db\"],\"tagFilters\":[{\"key\":\"elbv2.k8s.aws/cluster\",\"values\":[\"%c\"]}],\"resourcesPerPage\":100}", NULL, NULL, NULL, NULL},
{"ecr", "BatchGetImage", K_ECS | K_EC2 | K_CI, 16, API_READ, "{\"registryId\":\"%a\",\"repositoryName\":\"%w\",\"imageIds\":[{\"imageTag\":\"sha-%x\"}],\"acceptedMediaTypes\":[\"application/vnd.docker.distribution.manifest.v2+json\",\"application/vnd.oci.image.manifest.v1+json\"]}", NULL, "[{\"accountId\":\"%a\",\"ARN\":\"arn:aws:ecr:%r:%a:repository/%w\"}]", NULL, NULL},
{"ecr", "GetAuthorizationToken", K_ECS | K_EC2 | K_CI, 16, API_READ, NULL, NULL, NULL, NULL, NULL},
{"ecs", "DescribeServices", K_CI | K_ECS | K_SERVICE, 10, API_READ, "{\"cluster\":\"%c\",\"services\":[%(\"%w\"%)]}", NULL, NULL, NULL, NULL},
{"ecs", "SubmitTaskStateChange", K_EC2, 6, 0, "{\"cluster\":\"%c\",\"task\":\"arn:aws:ecs:%r:%a:task/%c/%y\",\"status\":\"RUNNING\",\"reason\":\"\",\"containers\":[]}", "{\"acknowledgment\":\"ACK\"}", NULL, NULL, NULL},
{"eks", "DescribeCluster", K_IRSA | K_CI | K_PERSON, 12, API_READ, "{\"name\":\"%c\"}", NULL, NULL, NULL, NULL},
{"sns", "ListTopics", K_PERSON | K_AUDIT, 4, API_READ, NULL, NULL, NULL, NULL, NULL},
{"sqs", "GetQueueAttributes", K_WORKLOAD, 10, API_READ, "{\"queueUrl\":\"https://sqs.%r.amazonaws.com/%a/%w\",\"attributeNames\":[\"ApproximateNumberOfMessages\"]}", NULL, NULL, NULL, NULL},
{"athena", "StartQueryExecution", K_PERSON | K_LAMBDA, 6, 0, "{\"queryString\":\"HIDDEN_DUE_TO_SECURITY_REASONS\",\"clientRequestToken\":\"%U\",\"queryExecutionContext\":{\"database\":\"%t\"},\"workGroup\":\"primary\"}", "{\"queryExecutionId\":\"%U\"}", NULL, NULL, NULL},
{"glue", "GetTable", K_LAMBDA | K_PERSON, 16, API_READ, "{\"databaseName\":\"%t\",\"name\":\"%t\"}", NULL, NULL, NULL, NULL},
{"cloudformation", "DescribeStacks", K_CI | K_PERSON, 16, API_READ, "{\"stackName\":\"arn:aws:cloudformation:%r:%a:stack/%w/%U\"}", NULL, NULL, NULL, NULL},
{"cloudtrail", "LookupEvents", K_PERSON, 3, API_READ, "{\"maxResults\":50,\"lookupAttributes\":[{\"attributeKey\":\"ReadOnly\",\"attributeValue\":\"false\"}]}", NULL, NULL, NULL, NULL},
{"health", "DescribeEventAggregates", K_CONSOLE, 30, API_READ, "{\"filter\":{\"startTimes\":[{\"from\":\"%D\"}],\"eventStatusCodes\":[\"open\",\"upcoming\"]},\"aggregateField\":\"eventTypeCategory\"}", NULL, NULL, NULL, NULL},
{"ce", "GetCostAndUsage", K_CONSOLE | K_AUDIT, 6, API_READ | API_GLOBAL, "{\"granularity\":\"MONTHLY\",\"metrics\":[\"UnblendedCost\"],\"groupBy\":[{\"type\":\"DIMENSION\",\"key\":\"SERVICE\"}]}", NULL, NULL, NULL, NULL},
{"organizations", "DescribeOrganization", K_PERSON | K_AUDIT, 4, API_READ | API_GLOBAL, NULL, NULL, NULL, NULL, NULL},
{"support", "DescribeTrustedAdvisorCheckSummaries", K_CONSOLE | K_SERVICE, 4, API_READ | API_GLOBAL, "{\"checkIds\":[%(\"%B\"%)]}", NULL, NULL, NULL, NULL},
};

const ApiError api_errors[] = {
{"ec2", "Client.UnauthorizedOperation", "You are not authorized to perform this operation. User: %W is not authorized to perform: %X on resource: arn:aws:ec2:%r:%a:instance/* because no identity-based policy allows the %X action. Encoded authorization failure message: %B%B%B%B%B%B", 30},
{"ec2", "Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 8},
{"ec2", "Client.RequestLimitExceeded", "Request limit exceeded.", 16},
{"ec2", "Client.InvalidInstanceID.NotFound", "The instance ID '%i' does not exist", 12},
{"s3", "NoSuchKey", "The specified key does not exist.", 20},
{"s3", "NoSuchBucket", "The specified bucket does not exist", 8},
{"s3", "AccessDenied", "Access Denied", 20},
{"s3", "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found", 6},
{"dynamodb", "ResourceNotFoundException", "Requested resource not found: Table: %t not found", 12},
{"dynamodb", "ValidationException", "The provided key element does not match the schema\\nkey \\\"pk\\\"", 4},
{"ssm", "ParameterNotFound", NULL, 16},
{"iam", "NoSuchEntityException", "The role with name %R cannot be found.", 20},
{"lambda", "ResourceNotFoundException", "Function not found: arn:aws:lambda:%r:%a:function:%f:caf\\u00e9\\\\prod", 10},
{"logs", "ResourceAlreadyExistsException", "The specified log stream already exists", 20},
{"kms", "NotFoundException", "Invalid keyId '%k'", 5},
{"secretsmanager", "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 10},
{NULL, "AccessDenied", "User: %W is not authorized to perform: %X on resource: arn:aws:%Z:%r:%a:%w because no identity-based policy allows the %X action", 20},
{NULL, "AccessDenied", "User: %W is not authorized to perform: %X with an explicit deny in a service control policy", 8},
{NULL, "ThrottlingException", "Rate exceeded", 12},
};
/* clang-format on */

const size_t n_api_table = sizeof api_table / sizeof *api_table;
const size_t n_api_errors = sizeof api_errors / sizeof *api_errors;

static bool allowed(const World *w, const Api *api, Kind kind, bool global_region) {
        if (!(api->kinds >> kind & 1) || (api->flags & API_GLOBAL && !global_region))
                return false;
        if (w->plan.p.quiet && api->flags & API_LOUD)
                return false;
        return !(w->plan.p.management_only && api->flags & API_DATA);
}

const Api *api_pick(const World *w, Kind kind, bool global_region, Rng *r) {
        uint32_t total = 0, x;
        const Api *last = api_table;

        for (size_t i = 0; i < n_api_table; i++)
                if (allowed(w, &api_table[i], kind, global_region))
                        total += api_table[i].weight;
        x = rng_below(r, total ? total : 1);
        for (size_t i = 0; i < n_api_table; i++) {
                if (!allowed(w, &api_table[i], kind, global_region))
                        continue;
                last = &api_table[i];
                if (x < last->weight)
                        break;
                x -= last->weight;
        }
        return last;
}

const ApiError *api_pick_error(const Api *api, Rng *r) {
        uint32_t total = 0, x;
        const ApiError *last = &api_errors[n_api_errors - 1];

        for (size_t i = 0; i < n_api_errors; i++)
                if (!api_errors[i].service || !strcmp(api_errors[i].service, api->service))
                        total += api_errors[i].weight;
        x = rng_below(r, total);
        for (size_t i = 0; i < n_api_errors; i++) {
                const ApiError *e = &api_errors[i];

                if (e->service && strcmp(e->service, api->service))
                        continue;
                last = e;
                if (x < e->weight)
                        break;
                x -= e->weight;
        }
        return last;
}
