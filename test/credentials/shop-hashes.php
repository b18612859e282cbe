<?php

/**
 * Hashes passwords as the shops do, with what PHP brings along and nothing of ours.
 * Standard input: {"make": [[how, password], …], "verify": [[password, hash], …]} as JSON; standard output: the hashes,
 * and whether PHP accepts the others.
 */

const SALT = 'saltysaltysaltysaltysaltysalty32';
const ITOA64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function bcrypt(string $text): string
{
    return password_hash($text, PASSWORD_BCRYPT, ['cost' => 4]);
}

function argon2(string $text, string $algorithm): string
{
    return password_hash($text, $algorithm, ['memory_cost' => 8192, 'time_cost' => 2, 'threads' => 1]);
}

/** phpass: crypt_private() and encode64() of the portable hashes. */
function phpass(string $password, string $prefix): string
{
    $setting = $prefix . '8' . 'abcdefgh';
    $digest = md5('abcdefgh' . $password, true);
    for ($round = 1 << strpos(ITOA64, '8'); $round > 0; $round--) {
        $digest = md5($digest . $password, true);
    }
    $encoded = '';
    for ($at = 0; $at < 16; $at += 3) {
        $value = ord($digest[$at]) | (ord($digest[$at + 1] ?? "\0") << 8) | (ord($digest[$at + 2] ?? "\0") << 16);
        $encoded .= ITOA64[$value & 63] . ITOA64[($value >> 6) & 63];
        if ($at < 15) {
            $encoded .= ITOA64[($value >> 12) & 63] . ITOA64[($value >> 18) & 63];
        }
    }
    return $setting . $encoded;
}

/** Magento's Encryptor: each version hashes what the one before made; argon2id takes sixteen bytes of the salt. */
function magento(string $password, string ...$versions): string
{
    $result = $password;
    foreach ($versions as $version) {
        [$number, $length, $passes, $bytes] = explode('_', $version . '_32_2_67108864');
        $result = match ($number) {
            '0' => md5(SALT . $result),
            '1' => hash('sha256', SALT . $result),
            default => bin2hex(sodium_crypto_pwhash(
                (int) $length,
                $result,
                substr(SALT, 0, SODIUM_CRYPTO_PWHASH_SALTBYTES),
                (int) $passes,
                (int) $bytes,
                SODIUM_CRYPTO_PWHASH_ALG_ARGON2ID13,
            )),
        };
    }
    return implode(':', [$result, SALT, ...$versions]);
}

function shopwareSha256(string $password, int $iterations): string
{
    $digest = '';
    for ($round = 0; $round <= $iterations; $round++) {
        $digest = hash('sha256', $digest . $password . SALT);
    }
    return $iterations . ':' . SALT . ':' . $digest;
}

function pbkdf2(string $digest, string $password): string
{
    return 'pbkdf2_' . $digest . '$1000$' . SALT . '$' .
        base64_encode(hash_pbkdf2($digest, $password, SALT, 1000, 32, true));
}

function make(string $how, string $password): string
{
    return match ($how) {
        'bcrypt' => bcrypt($password),
        'symfony' => bcrypt(base64_encode(hash('sha512', $password, true))),
        'argon2id' => argon2($password, PASSWORD_ARGON2ID),
        'argon2i' => argon2($password, PASSWORD_ARGON2I),
        'wordpress' => '$wp' . bcrypt(base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true))),
        'phpass' => phpass($password, '$P$'),
        'phpbb' => phpass($password, '$H$'),
        'magento 0' => magento($password, '0'),
        'magento 1' => magento($password, '1'),
        'magento 2' => magento($password, '2'),
        'magento 3' => magento($password, '3_32_2_67108864'),
        'magento 0:1:2' => magento($password, '0', '1', '2'),
        'magento 1:3' => magento($password, '1', '3_32_2_67108864'),
        'shopware-md5' => md5($password . SALT) . ':' . SALT,
        'shopware-sha256' => shopwareSha256($password, 1000),
        'opencart-sha1' => sha1(SALT . sha1(SALT . sha1(htmlspecialchars($password, ENT_COMPAT)))),
        'prestashop-md5' => md5('shop-secret' . $password),
        'md5' => md5(SALT . $password),
        'sha512-salt-last' => hash('sha512', $password . SALT),
        'pbkdf2-sha1' => pbkdf2('sha1', $password),
        'pbkdf2-sha256' => pbkdf2('sha256', $password),
        'pbkdf2-sha512' => pbkdf2('sha512', $password),
    };
}

$asked = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
echo json_encode([
    'made' => array_map(fn (array $one) => make($one[0], $one[1]), $asked['make']),
    'verified' => array_map(fn (array $one) => password_verify($one[0], $one[1]), $asked['verify']),
], JSON_THROW_ON_ERROR);
