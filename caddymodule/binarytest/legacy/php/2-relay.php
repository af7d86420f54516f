<?php
// A shop's old script: hands out cards, and opens the codes of those that users got.
// GET shop.php?card_id=p…        parameters of wx.addCard
// GET shop.php?encrypt_code=…    the plain code

define('API', 'http://127.0.0.1:8081');

function cache($name, $value = null, $seconds = 0)
{
    $file = __DIR__ . "/cache_$name.json";
    if ($value !== null) {
        file_put_contents($file, json_encode([$value, time() + $seconds]));
        return $value;
    }
    $kept = is_file($file) ? json_decode(file_get_contents($file), true) : null;
    return $kept && $kept[1] > time() ? $kept[0] : null;
}

function https_request($url, $data = null)
{
    $options = [];
    if ($data !== null) {
        $options['http'] = ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => json_encode($data)];
    }
    return json_decode(file_get_contents($url, false, stream_context_create($options)), true);
}

function get_api_ticket()
{
    $ticket = cache('api_ticket');
    if (!$ticket) {
        $res = https_request(API . '/cgi-bin/ticket/getticket?type=wx_card');
        $ticket = cache('api_ticket', $res['ticket'], 7200);
    }
    return $ticket;
}

function get_signature($data)
{
    sort($data, SORT_STRING);
    return sha1(implode($data));
}

function decrypt_code($code)
{
    $res = https_request(API . '/card/code/decrypt', ['encrypt_code' => $code]);
    return $res['errcode'] == 0 ? $res['code'] : null;
}

function card_ext($card_id)
{
    $ext = ['timestamp' => (string) time(), 'nonce_str' => md5(uniqid('', true))];
    $ext['signature'] = get_signature([get_api_ticket(), $card_id, $ext['timestamp'], $ext['nonce_str']]);
    return json_encode($ext);
}

header('Content-Type: application/json');
if (isset($_GET['encrypt_code'])) {
    echo json_encode(['code' => decrypt_code($_GET['encrypt_code'])]);
} else {
    $card_id = $_GET['card_id'];
    echo json_encode(['cardList' => [['cardId' => $card_id, 'cardExt' => card_ext($card_id)]]]);
}
