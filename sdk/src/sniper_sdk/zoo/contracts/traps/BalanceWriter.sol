// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Run in a token's storage, sets any balance.
contract BalanceWriter is StandardToken("", "", 0) {
    function write(address holder, uint256 value) external {
        balances[holder] = value;
    }
}
